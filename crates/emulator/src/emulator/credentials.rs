//! The credential files of an emulator, and a look at the tokens it has issued.

use serde_json::Value;

use super::handle::Emulator;
use crate::oauth::{TokenKind, TokenSnapshot};

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

    /// The credential file of an outside identity (workforce identity federation). It finds the
    /// token of the identity here, and exchanges it here. Of these files it is the one that leads
    /// the clients of all languages: Node's takes the tokens of the others from Google, whatever
    /// the file says.
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
