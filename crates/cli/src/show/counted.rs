//! Numbers as people read them.

/// `1 row`, `2 rows`: how many, and of what in the singular.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(count))
}

/// `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// An amount of money: to the cent, and more finely where it is less.
pub(crate) fn money(amount: f64, currency: &str) -> String {
    let decimals = match amount {
        0.0 => 2,
        ..0.01 => 6,
        ..1.0 => 4,
        _ => 2,
    };
    // Of which six decimals would show nothing.
    let (amount, words) = match amount > 0.0 && amount < 5e-7 {
        true => (1e-6, "less than "),
        false => (amount, ""),
    };
    match currency {
        "USD" => format!("{words}${amount:.decimals$}"),
        currency => format!("{words}{amount:.decimals$} {currency}"),
    }
}

/// `about $1.23`, of an amount that is estimated; of one that is next to nothing, what it is below.
pub(crate) fn about(money: &str) -> String {
    match money.starts_with("less than ") {
        true => money.to_owned(),
        false => format!("about {money}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
        assert_eq!(grouped(999), "999");
        assert_eq!(money(12.345, "USD"), "$12.35");
        assert_eq!(money(0.0123, "EUR"), "0.0123 EUR");
        assert_eq!(money(1e-9, "USD"), "less than $0.000001");
        assert_eq!(money(0.00012, "USD"), "$0.000120");
    }
}
