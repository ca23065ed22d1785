//! Methods: how the methods of registers, and functions of them, are declared.
//! In: what a method does.  Out: the method.
//! Invariant: inlined, so that it is compiled for the registers of whoever calls it, who has to have the level.
//! Not here: what the methods mean (see `lanes`).

/// Methods of `Lanes` and `Bits`: each does what the trait says, in a block that trusts the caller.
macro_rules! methods {
    ($(fn $name:ident$(<const $part:ident: usize>)?($($arg:tt)*) $(-> $out:ty)? $body:block)*) => {
        $(
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
pub(super) use methods;

/// Functions of registers `L`: of each and all, the processor has the level of `L`.
macro_rules! functions {
    ($($(#[$doc:meta])* $vis:vis fn $name:ident<L>($($arg:tt)*) -> $out:ty $body:block)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            // SAFETY: the caller has the level.
            $vis unsafe fn $name<L: Lanes>($($arg)*) -> $out {
                // SAFETY: as above.
                unsafe { $body }
            }
        )*
    };
}
pub(crate) use functions;
