//! The credential files that lead Google's clients to the emulator, and a look at what was issued.

use serde_json::{Value, json};

use super::tokens::{TokenKind, TokenSnapshot};
use super::{
    CLIENT_ID, CLIENT_SECRET, IMPERSONATED, Oauth, PROJECT, PROJECT_NUMBER, REFRESH_TOKEN,
    SERVICE_ACCOUNT,
};
use crate::emulator::Emulator;

impl Oauth {
    fn service_account(&self) -> Value {
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

    fn authorized_user(&self) -> Value {
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

    fn impersonated(&self) -> Value {
        let base_url = &self.settings.base_url;
        json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url":
                format!("{base_url}/v1/projects/-/serviceAccounts/{IMPERSONATED}:generateAccessToken"),
            "delegates": [],
            "source_credentials": self.authorized_user(),
        })
    }

    fn external_account(&self) -> Value {
        let base_url = &self.settings.base_url;
        let pool = format!("projects/{PROJECT_NUMBER}/locations/global/workloadIdentityPools/pool");
        json!({
            "type": "external_account",
            "audience": format!("//iam.googleapis.com/{pool}/providers/provider"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": format!("{base_url}/v1/token"),
            "credential_source": {"url": format!("{base_url}/subject-token")},
            "universe_domain": "googleapis.com",
        })
    }
}

/// Credentials and tokens.
impl Emulator {
    /// The key file of a service account, whose tokens come from here. Its RSA key is made on the
    /// first call, and no other emulator knows it.
    pub fn service_account_json(&self) -> String {
        pretty(&self.services.oauth.service_account())
    }

    /// The credential file of a user, whose tokens come from here.
    pub fn authorized_user_json(&self) -> String {
        pretty(&self.services.oauth.authorized_user())
    }

    /// The credential file of that user acting as a service account.
    pub fn impersonated_service_account_json(&self) -> String {
        pretty(&self.services.oauth.impersonated())
    }

    /// The credential file of an outside identity (workload identity federation). It finds the
    /// token of the identity here, and exchanges it here.
    pub fn external_account_json(&self) -> String {
        pretty(&self.services.oauth.external_account())
    }

    /// A token that is good from now on, for as long as tokens are.
    pub fn issue_token(&self) -> String {
        let oauth = &self.services.oauth;
        let lifetime = oauth.settings.token_lifetime;
        let now = oauth.clock.now();
        oauth.tokens.issue(TokenKind::Direct, now, lifetime)
    }

    /// All tokens that were issued so far, or seen where a client signed them itself, in their
    /// order.
    pub fn tokens(&self) -> Vec<TokenSnapshot> {
        self.services.oauth.tokens.all()
    }

    /// How many tokens of this kind came about so far.
    pub fn token_count(&self, kind: TokenKind) -> usize {
        let tokens = self.tokens();
        tokens.iter().filter(|token| token.kind == kind).count()
    }

    /// Revokes all tokens so far. A client that signs its tokens itself gets on with the next one
    /// that differs, which may be a second away.
    pub fn revoke_tokens(&self) {
        self.services.oauth.tokens.revoke_all();
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
