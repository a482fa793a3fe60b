//! What stands in a line of a terminal beside a bar: as much as has room, and each part whole.

use console::measure_text_width;

/// How wide a bar is, and how wide where there is less room.
const BARS: [usize; 2] = [12, 6];
/// What stands between the position and the rest.
const GAP: &str = "  ";

/// A line of at most this width. Where it is too narrow for all, the bar is shorter, then the last parts
/// are left out, then the bar, and at last the position.
pub(super) fn fit(width: usize, fraction: Option<f32>, position: &str, parts: &[String]) -> String {
    let with = |bar: usize, parts: &[String]| {
        let mut line = match fraction {
            Some(fraction) if bar > 0 => format!("[{}] {position}", bar_of(bar, fraction)),
            _ => position.to_owned(),
        };
        if !parts.is_empty() {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            line.push_str(&parts.join(", "));
        }
        line
    };
    let [wide, narrow] = BARS;
    let shorter = (0..=parts.len()).rev().map(|kept| (narrow, kept));
    let mut tries = [(wide, parts.len())]
        .into_iter()
        .chain(shorter)
        .chain([(0, 0)])
        .map(|(bar, kept)| with(bar, &parts[..kept]));
    tries
        .find(|line| measure_text_width(line) <= width)
        .unwrap_or_default()
}

/// `==>  `: how much of a bar is done.
fn bar_of(width: usize, fraction: f32) -> String {
    let done = (fraction.clamp(0.0, 1.0) * width as f32) as usize;
    let head = if done < width && done > 0 { ">" } else { "" };
    format!("{:width$}", "=".repeat(done) + head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(width: usize) -> String {
        let parts = [
            "about 3 minutes left",
            "120/s",
            "12 failed",
            "$0.0808 so far",
        ];
        let parts = parts.map(str::to_owned);
        fit(width, Some(0.5), "6,912 of 13,824", &parts)
    }

    #[test]
    fn what_has_no_room_is_left_out_whole() {
        assert_eq!(
            at(100),
            "[======>     ] 6,912 of 13,824  about 3 minutes left, 120/s, 12 failed, $0.0808 so far"
        );
        assert_eq!(
            at(80),
            "[===>  ] 6,912 of 13,824  about 3 minutes left, 120/s, 12 failed, $0.0808 so far"
        );
        assert_eq!(
            at(60),
            "[===>  ] 6,912 of 13,824  about 3 minutes left, 120/s"
        );
        assert_eq!(at(40), "[===>  ] 6,912 of 13,824");
        assert_eq!(at(20), "6,912 of 13,824");
        assert_eq!(at(10), "");
    }

    #[test]
    fn a_line_is_no_wider_than_there_is_room() {
        let all = at(200);
        for width in 0..100 {
            let line = at(width);
            assert!(line.len() <= width, "{width}: {line}");
            // A part is there with its end, or not at all.
            let told = line.rsplit("] ").next().unwrap_or_default();
            let rest = all.rsplit("] ").next().unwrap_or_default();
            let after = rest.strip_prefix(told).unwrap();
            let is_whole = told.is_empty() || after.is_empty() || after.starts_with([',', ' ']);
            assert!(is_whole, "{width}: {line}");
        }
    }

    #[test]
    fn what_has_no_total_has_no_bar() {
        let parts = ["13,824 rows".to_owned()];
        assert_eq!(fit(40, None, "", &parts), "13,824 rows");
        assert_eq!(fit(8, None, "", &parts), "");
        assert_eq!(fit(40, None, "1.2 MiB", &parts), "1.2 MiB  13,824 rows");
    }
}
