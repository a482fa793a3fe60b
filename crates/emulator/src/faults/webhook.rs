//! The switches of the webhooks that report the end of a job.

use super::switches::Faults;

/// Webhooks.
impl Faults {
    /// Signs webhooks for another body than the one they have.
    pub fn forge_webhooks(&self) {
        self.job(|job| job.webhook.forged = true);
    }

    /// Dates webhooks to a day ago.
    pub fn date_back_webhooks(&self) {
        self.job(|job| job.webhook.stale = true);
    }

    /// Sends no webhooks.
    pub fn lose_webhooks(&self) {
        self.job(|job| job.webhook.lost = true);
    }

    /// Sends each webhook twice, under the same id.
    pub fn double_webhooks(&self) {
        self.job(|job| job.webhook.doubled = true);
    }
}
