//! Numbers: numbers as people read them.
//! In: a number.  Out: text of few characters.
//! Invariant: no more digits than are of use; what is not finite says so.
//! Not here: numbers for machines, which keep all their digits.

/// Six significant digits: "76,812.3", "0.0123457", "1.23457e-9".
pub fn precise(value: f64) -> String {
    significant(value, 6)
}

/// Three significant digits: "0.831", "12.4", "1,830".
pub fn short(value: f64) -> String {
    significant(value, 3)
}

/// At most so many significant digits, without zeros behind the point that say nothing: "16", "0.5", "1,234".
pub fn trimmed(value: f64, digits: i32) -> String {
    let text = significant(value, digits);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// "81.2 %"
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share) } else { "undefined".to_owned() }
}

/// "10,621"
pub fn count(value: usize) -> String {
    grouped(&value.to_string())
}

/// "0.04 s", "12.3 s", "4 min 05 s", "2 h 03 min"
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match seconds {
        s if s < 0.0005 => "under 1 ms".to_owned(),
        s if s < 0.9995 => format!("{s:.3} s"),
        s if s < 99.95 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// So many significant digits.
pub fn significant(value: f64, digits: i32) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "undefined" } else { "infinite" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..12).contains(&magnitude) {
        return format!("{value:.*e}", digits as usize - 1);
    }
    grouped(&format!("{value:.*}", (digits - 1 - magnitude).max(0) as usize))
}

/// The same digits with a comma before every third of the whole part.
fn grouped(text: &str) -> String {
    let whole = text.find('.').unwrap_or(text.len());
    let mut out = String::new();
    for (at, digit) in text.char_indices() {
        let first = at == 0 || &text[..at] == "-";
        if at < whole && !first && (whole - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shown: String, expected: &str) {
        assert_eq!(shown, expected);
    }

    #[test]
    fn numbers_have_the_digits_that_are_of_use() {
        check(precise(0.0), "0");
        check(precise(1_234_567.8), "1,234,568");
        check(precise(-123_456.78), "-123,457");
        check(precise(1234.5678), "1,234.57");
        check(precise(0.012345678), "0.0123457");
        check(precise(1.2345678e-9), "1.23457e-9");
        check(precise(f64::NAN), "undefined");
        check(short(0.83149), "0.831");
        check(trimmed(16.0, 4), "16");
        check(trimmed(0.5, 4), "0.5");
        check(trimmed(1200.0, 3), "1,200");
        check(trimmed(1.5e-9, 3), "1.50e-9");
        check(percent(0.8123), "81.2 %");
        check(count(10_621), "10,621");
        check(count(100), "100");
        check(duration(0.0412), "0.041 s");
        check(duration(245.0), "4 min 05 s");
        check(duration(7380.0), "2 h 03 min");
    }
}
