//! The credential files that lead Google's clients to the emulator.

use serde_json::{Value, json};

use super::identity::{
    CLIENT_ID, CLIENT_SECRET, IMPERSONATED, PROJECT, REFRESH_TOKEN, SERVICE_ACCOUNT,
};
use super::service::Oauth;

impl Oauth {
    pub(crate) fn service_account(&self) -> Value {
        let key = self.key.get();
        let base_url = &self.settings.base_url;
        json!({
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": key.id,
            "private_key": key.private_pem,
            "client_email": SERVICE_ACCOUNT,
            "client_id": "109876543210987654321",
            "auth_uri": format!("{base_url}/auth"),
            "token_uri": format!("{base_url}/token"),
            "universe_domain": "googleapis.com",
        })
    }

    pub(crate) fn authorized_user(&self) -> Value {
        json!({
            "type": "authorized_user",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "quota_project_id": PROJECT,
            "token_uri": format!("{}/token", self.settings.base_url),
            "universe_domain": "googleapis.com",
        })
    }

    pub(crate) fn impersonated(&self) -> Value {
        let base_url = &self.settings.base_url;
        json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url":
                format!("{base_url}/v1/projects/-/serviceAccounts/{IMPERSONATED}:generateAccessToken"),
            "delegates": [],
            "source_credentials": self.authorized_user(),
        })
    }

    pub(crate) fn external_account(&self) -> Value {
        let base_url = &self.settings.base_url;
        // A pool of a project would have Python's client ask Google for the name of that project.
        let provider = "locations/global/workforcePools/emulator/providers/provider";
        json!({
            "type": "external_account",
            "audience": format!("//iam.googleapis.com/{provider}"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": format!("{base_url}/v1/token"),
            "credential_source": {"url": format!("{base_url}/subject-token")},
            "universe_domain": "googleapis.com",
        })
    }
}
