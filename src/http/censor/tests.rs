//! Pages that show what they were sent, in every spelling.

use base64::engine::general_purpose::URL_SAFE;
use proptest::prelude::*;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use super::*;

fn secrets() -> Secrets {
    let mut headers = HeaderMap::new();
    for (name, value, is_sensitive) in [
        (AUTHORIZATION.as_str(), "Bearer the-token", true),
        ("cookie", "a=first-secret; b=second-secret", true),
        ("x-proxy", "the-password ", true),
        ("x-mode", "on", true),
        ("x-other", "not-a-secret", false),
    ] {
        let mut value = HeaderValue::from_static(value);
        value.set_sensitive(is_sensitive);
        headers.insert(name.parse::<reqwest::header::HeaderName>().unwrap(), value);
    }
    Secrets::of(&headers)
}

fn only(secret: &str) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add(secret);
    secrets
}

const SECRET: &str = "AIza/Sy-D0_n>t+sh=ow?me.x\"y";

const BEFORE: [&str; 6] = ["", "u", "me", "you", "user:", "Bearer "];

fn each(secret: &str, write: impl Fn(u8) -> String) -> String {
    secret.bytes().map(write).collect()
}

/// Spellings in which all of a secret stands.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let percent = each(secret, |b| match b.is_ascii_alphanumeric() {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    });
    let mut spellings = vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        serde_json::to_string(&json)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        each(secret, |b| format!("\\u{b:04x}")),
        each(secret, |b| format!("\\u{b:04X}")),
        each(secret, |b| match b % 3 {
            0 if b.is_ascii_alphanumeric() => char::from(b).to_string(),
            _ => format!("\\u{b:04X}"),
        }),
        each(secret, |b| format!("%{b:02x}")),
        percent.replace('%', "%25"),
        percent.clone(),
        each(secret, |b| format!("&#{b};")),
        each(secret, |b| format!("&#x{b:X};")),
        secret
            .replace('&', "&amp;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
        each(secret, |b| format!("{b:02x}")),
        each(secret, |b| format!("{b:02X}")),
        each(secret, |b| match b % 2 {
            0 => format!("{b:02X}"),
            _ => format!("{b:02x}"),
        }),
        each(secret, |b| format!("{b:02x}:")),
        each(secret, |b| format!("{b:02X} ")),
        each(secret, |b| format!("0x{b:02x}, ")),
        each(secret, |b| format!("&#{b}")),
        each(secret, |b| format!("&#x{b:x}")),
        format!("{}\\r\\n {}", &secret[..10], &secret[10..]),
    ];
    for before in BEFORE {
        for after in ["", "1", "22", "333"] {
            let text = format!("{before}{secret}{after}");
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                spellings.push(STANDARD.encode(&encoded));
                spellings.push(URL_SAFE.encode(&encoded));
                spellings.push(encoded.replace('/', "\\/"));
                spellings.push(encoded.replace('=', "%3D").replace('+', "%2B"));
                spellings.push(format!("{}\r\n{}", &encoded[..7], &encoded[7..]));
                spellings.push(encoded);
            }
        }
    }
    spellings
}

/// What is left of a page, read as a program would that looks for the secret.
fn is_shown(page: &[u8], secret: &str) -> bool {
    let decoded = View::decoded(page).text;
    let has = |needle: &[u8]| memmem::find(&decoded, needle).is_some();
    let half = secret.len() / 2;
    has(&secret.as_bytes()[..half]) || has(&secret.as_bytes()[half..])
}

#[test]
fn secrets_are_taken_out_wherever_they_stand() {
    let page = "Bearer the-token; the-password (the-token) on not-a-secret second-secret";
    assert_eq!(
        secrets().censor(page.into(), false),
        "[censored]; [censored] ([censored]) on not-a-secret [censored]"
    );
}

#[test]
fn a_secret_is_taken_out_in_every_spelling() {
    for spelling in spellings(SECRET) {
        let page = format!("{{\"seen\": \"{spelling}\"}}");
        let left = only(SECRET).censor(page.clone().into(), false);
        let left = String::from_utf8(left.to_vec()).unwrap();
        assert!(left.contains("[censored]"), "{spelling} is left: {left}");
        assert!(!is_shown(left.as_bytes(), SECRET), "{page} became {left}");
        assert!(
            left.starts_with("{\"seen\": \"") && left.ends_with("\"}"),
            "{left}"
        );
        // No more than the letters at the edges of base64 are left.
        assert!(left.len() < 50, "{page} became {left}");
    }
}

/// A key as the service gives them out.
const KEY: &str = "AIzaSyD0n-0tSh0wMe_T0Any0neAt4ll7xQ2zzz";

#[test]
fn a_secret_without_its_start_or_its_end_is_taken_out_in_every_spelling() {
    for (start, end) in [(8, KEY.len()), (0, KEY.len() - 8), (5, 30), (10, 22)] {
        let piece = &KEY[start..end];
        let all = [
            piece.to_owned(),
            each(piece, |b| format!("%{b:02X}")),
            each(piece, |b| format!("%{b:02x}")),
            each(piece, |b| format!("\\u{b:04x}")),
            each(piece, |b| format!("&#{b};")),
            each(piece, |b| format!("{b:02X}")),
            format!("{} \n{}", &piece[..6], &piece[6..]),
        ];
        for spelling in all {
            let page = format!("the key …{spelling}… is not valid");
            let left = only(KEY).clean(&page);
            assert_eq!(left, "the key …[censored]… is not valid", "{page}");
        }
    }
    for piece in [&KEY[8..], &KEY[..30]] {
        for before in BEFORE {
            let page = format!("seen: {}.", STANDARD.encode(format!("{before}{piece}")));
            let left = only(KEY).clean(&page);
            assert!(
                left.contains("[censored]") && left.len() < 40,
                "{page} became {left}"
            );
        }
    }
    // Nobody can do much with less, and words have as much.
    let short = format!("{}…{}", &KEY[..11], &KEY[KEY.len() - 11..]);
    assert_eq!(only(KEY).clean(&short), short);
    let bearer = "Bearer ya29.c.b0Aaekm1K8sD3-_token";
    let mut value = HeaderValue::from_static(bearer);
    value.set_sensitive(true);
    let carried = Secrets::of(&HeaderMap::from_iter([(AUTHORIZATION, value)]));
    assert_eq!(
        carried.clean("Bearer …ekm1K8sD3-_token"),
        "Bearer …[censored]"
    );
}

#[test]
fn the_start_of_a_secret_is_taken_off_where_a_body_was_cut() {
    for page in ["you sent the-pass", "you sent th", "you sent first-secre"] {
        assert_eq!(secrets().censor(page.into(), true), "you sent ");
        assert_eq!(secrets().censor(page.into(), false), page);
    }
}

#[test]
fn no_cut_leaves_the_start_of_a_secret_in_any_spelling() {
    for spelling in spellings(SECRET).iter().step_by(7) {
        for end in 0..spelling.len() {
            let page = format!("you sent {}", &spelling[..end]);
            let left = only(SECRET).censor(page.clone().into(), true);
            let text = String::from_utf8_lossy(&left);
            assert!(!is_shown(&left, &SECRET[..8]), "{page} became {text}");
            // What stands before a secret in base64, the marks of two, and what stands after it.
            assert!(text.len() < 45, "{page} became {text}");
            let start = text.strip_prefix("you sent ").unwrap_or_default();
            let start = start.replace(char::is_whitespace, "");
            // The last letter may have two or four bits of the secret.
            let certain = &start[..start.len().saturating_sub(1)];
            let is_before = |before: &&str| {
                let once = STANDARD.encode(before);
                // Of base64 twice over, a few letters are of one letter of the other.
                let sure = &certain[..certain.len().saturating_sub(3)];
                once.starts_with(certain) || STANDARD.encode(&once).starts_with(sure)
            };
            let is_whole = start.contains("[censored]");
            assert!(
                is_whole || start.len() < 3 || BEFORE.iter().any(is_before),
                "{text}"
            );
        }
    }
}

#[test]
fn other_texts_stay_as_they_are() {
    for page in [
        "",
        "Quota exceeded for 100% of \\u00e9 &amp; more",
        "{\"error\":{\"code\":404,\"message\":\"C:\\\\new\\\\table\"}}",
    ] {
        assert_eq!(only(SECRET).censor(page.into(), false), page);
        assert_eq!(Secrets::default().censor(page.into(), true), page);
    }
}

#[test]
fn passwords_are_found_where_they_were_given() {
    let mut value = HeaderValue::from_static("Basic dXNlcjpzZWNyZXQtcGFzcw==");
    value.set_sensitive(true);
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    assert_eq!(
        Secrets::of(&headers).clean("user:secret-pass!"),
        "user:[censored]!"
    );
    for (address, password) in [
        ("http://user:p%40ssword@proxy:3128", Some("p@ssword")),
        ("user:p@ssword@proxy:3128/", Some("p@ssword")),
        ("http://proxy:3128/@", None),
        ("http://user@proxy", None),
    ] {
        let found = proxy_password(address);
        let found = found.as_ref().map(|password| password.expose_secret());
        assert_eq!(found, password, "{address}");
    }
    let url = "https://h/upload?upload_id=the-upload-id&x=not-a-secret"
        .parse()
        .unwrap();
    let secrets = Secrets::default().and_of(&url);
    assert_eq!(
        secrets.clean("the-upload-id not-a-secret"),
        "[censored] not-a-secret"
    );
}

/// Looking for a secret along a page that is nearly one all over takes as many steps as the page has
/// bytes.
#[test]
fn a_page_of_near_secrets_takes_its_length() {
    let secret = "a".repeat(2000) + "b";
    let page = "a".repeat(100_000);
    let left = only(&secret).censor(page.into(), true);
    assert_eq!(left.len(), 98_000);
    let escaped = format!("%{}41", "25".repeat(30_000));
    assert_eq!(View::decoded(escaped.as_bytes()).text, b"A");
    only(&secret).censor(escaped.into(), true);
}

proptest! {
    #[test]
    fn any_spelling_within_any_page(
        secret in "[ -\\[\\]-~]{12,40}", before in "[^\\\\%&\\pC]{0,20}", after in "\\PC{0,20}",
        styles in prop::collection::vec(0..6u8, 40),
    ) {
        let spelled = each(&secret, |b| match styles.get(usize::from(b) % 40) {
            Some(0) => format!("\\u{b:04x}"),
            Some(1) => format!("%{b:02X}"),
            Some(2) => format!("&#{b};"),
            Some(3) => format!("%25{b:02x}"),
            _ if matches!(b, b'\\' | b'%' | b'&' | b'"') => format!("\\u{b:04X}"),
            _ => char::from(b).to_string(),
        });
        let secret = secret.trim().to_owned();
        prop_assume!(secret.len() >= SHORTEST && View::decoded(secret.as_bytes()).text.len() > SHORTEST);
        // What stands before must not be the start of an escape.
        let page = format!("{before} {spelled} {after}");
        let left = only(&secret).censor(page.clone().into(), false);
        let left = String::from_utf8_lossy(&left).into_owned();
        prop_assert!(left.contains("[censored]"), "{} stays {}", page, left);
    }
}
