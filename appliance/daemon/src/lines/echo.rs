//! The echo that a fault makes on a simulated line.

/// What comes back of a single sample, 0, 1, 2 ... samples later: one reflection, which is this many
/// decibels weaker and this many milliseconds late. Nothing without a loss: there is no echo.
pub(super) fn response(loss_db: Option<u8>, delay_ms: u8) -> Vec<f32> {
    let Some(loss) = loss_db else { return Vec::new() };
    let mut response = vec![0.0; usize::from(delay_ms.min(LATEST)) * SAMPLES];
    response.push(10_f32.powf(-f32::from(loss.min(WEAKEST)) / 20.0));
    response
}

/// Samples of a millisecond.
const SAMPLES: usize = 8;
/// The ends of what [`call::LineFault::Echo`] says, milliseconds and decibels.
const LATEST: u8 = 120;
const WEAKEST: u8 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_has_its_loss_and_its_delay() {
        assert!(response(None, 30).is_empty());
        assert_eq!(response(Some(0), 0), [1.0]);
        let late = response(Some(20), 30);
        assert_eq!(late.len(), 241);
        assert!(late[..240].iter().all(|part| *part == 0.0));
        assert!((late[240] - 0.1).abs() < 1e-6);
        assert_eq!(response(Some(255), 255).len(), 961);
    }
}
