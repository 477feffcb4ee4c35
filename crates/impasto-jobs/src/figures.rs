//! Figures in words.

/// Seconds as people say them.
pub fn duration(seconds: f64) -> String {
    // An empty sum is -0.0.
    let seconds = if seconds > 0.0 { seconds } else { 0.0 };
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A number and what it counts: `1 weight`, `2 weights`.
pub fn counted(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_their_own_units() {
        assert_eq!([-0.0, 0.0, -0.04].map(duration), ["0.0 s"; 3]);
        let shown = [0.25, 9.96, 61.0, 119.6, 3600.0, 86_400.0].map(duration);
        assert_eq!(shown, ["0.2 s", "10 s", "61 s", "2 min 0 s", "60 min 0 s", "24 h 0 min"]);
    }
}
