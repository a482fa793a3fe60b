//! Who the emulator's own accounts are, and what they show.

/// The project of the emulator's own accounts.
pub(super) const PROJECT: &str = "emulator-project";
pub(super) const PROJECT_NUMBER: &str = "123456789012";
/// The service account whose key the emulator gives away, and that its virtual machine runs as.
pub(super) const SERVICE_ACCOUNT: &str = "emulator@emulator-project.iam.gserviceaccount.com";
/// The service account that others act as.
pub(super) const IMPERSONATED: &str = "impersonated@emulator-project.iam.gserviceaccount.com";
pub(super) const CLIENT_ID: &str = "emulator-client.apps.googleusercontent.com";
pub(super) const CLIENT_SECRET: &str = "emulator-client-secret";
pub(super) const REFRESH_TOKEN: &str = "1//emulator-refresh-token";
pub(super) const SUBJECT_TOKEN: &str = "emulator-subject-token";
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
