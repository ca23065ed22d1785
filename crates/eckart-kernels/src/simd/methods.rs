//! Methods: how the methods of registers, and functions of them, are declared.
//! In: what a method does.  Out: the method.
//! Invariant: inlined, so that it is compiled for the registers of whoever calls it, who has to have the level.
//! Not here: what the methods mean (see `lanes`).

/// Methods as their trait, whose words on safety hold for each, declares them.
macro_rules! declared {
    ($($(#[$doc:meta])* fn $name:ident$(<const $part:ident: usize>)?($($arg:tt)*) $(-> $out:ty)?;)*) => {
        $(
            $(#[$doc])*
            // SAFETY: as the trait says.
            unsafe fn $name$(<const $part: usize>)?($($arg)*) $(-> $out)?;
        )*
    };
}
pub(crate) use declared;

/// Methods of registers, `Lanes` and `Bits` or of what is computed in them: whoever calls one has the level, and keeps
/// what the trait says.
macro_rules! methods {
    ($($(#[$doc:meta])* fn $name:ident$(<const $part:ident: usize>)?($($arg:tt)*) $(-> $out:ty)? $body:block)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            #[allow(unused_unsafe, reason = "arrays need nothing of the processor")]
            // SAFETY: as the trait says.
            unsafe fn $name$(<const $part: usize>)?($($arg)*) $(-> $out)? {
                // SAFETY: the level is there, and pointers are valid for all that is read and written, says the caller.
                unsafe { $body }
            }
        )*
    };
}
pub(crate) use methods;

/// Functions of registers `L`: whoever calls one has the level of `L`, and numbers where pointers and the function's
/// own words say so. Registers of one type alone are `L: Lanes<Num = f64>`.
macro_rules! functions {
    ($($(#[$doc:meta])* $vis:vis fn $name:ident<L $(: $bound:path)? $(, const $part:ident: $kind:ty)*>($($arg:tt)*)
        $(-> $out:ty)? $body:block)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            // SAFETY: the caller has the level.
            $vis unsafe fn $name<L: Lanes $(+ $bound)? $(, const $part: $kind)*>($($arg)*) $(-> $out)? {
                // SAFETY: as above.
                unsafe { $body }
            }
        )*
    };
}
pub(crate) use functions;
