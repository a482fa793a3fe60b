//! A page as the XML API gives it, in the second version of its list.

use std::error::Error as _;
use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use super::{Object, Page};
use crate::error::{Error, Result};

/// What asks for a page.
pub(super) fn query<'a>(prefix: &'a str, token: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![("list-type", "2"), ("prefix", prefix)];
    query.extend(token.map(|token| ("continuation-token", token)));
    query
}

/// A list that is not one in XML, or in which a name has what XML does not hold.
#[derive(Debug)]
struct Garbled;

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not the XML of a list, or has names that XML does not hold")
    }
}

impl std::error::Error for Garbled {}

pub(super) fn garbled() -> Error {
    Error::protocol("Cloud Storage gave no valid list").with_source(Garbled)
}

pub(super) fn is_garbled(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<Garbled>())
}

/// Reads a page.
pub(super) fn page(xml: &[u8]) -> Result<Page> {
    let page = read(xml).ok_or_else(garbled)?;
    // What stands for characters that could not be written.
    let is_whole = |object: &Object| !object.name.is_empty() && !object.name.contains('\u{fffd}');
    match page.objects.iter().all(is_whole) {
        true => Ok(page),
        false => Err(garbled()),
    }
}

/// `None` if it is not a list from its first element to its end.
fn read(xml: &[u8]) -> Option<Page> {
    let mut reader = Reader::from_reader(xml);
    let mut page = Page::default();
    let mut is_cut = false;
    // The names of the elements around, and the text of the innermost.
    let mut around: Vec<Vec<u8>> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_vec();
                if around.is_empty() && name != b"ListBucketResult" {
                    return None;
                }
                if around.len() == 1 && name == b"Contents" {
                    page.objects.push(Object::default());
                }
                // What is a text has no parts.
                if !text.trim().is_empty() {
                    return None;
                }
                around.push(name);
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().ok()?),
            Event::CData(part) => text.push_str(&part.decode().ok()?),
            Event::GeneralRef(reference) => push(&reference, &mut text)?,
            Event::End(_) => {
                let text = std::mem::take(&mut text);
                let names: Vec<&[u8]> = around.iter().skip(1).map(Vec::as_slice).collect();
                match names[..] {
                    [b"IsTruncated"] => is_cut = text.trim() == "true",
                    [b"NextContinuationToken"] => page.next = Some(text),
                    [b"Contents", b"Key"] => page.objects.last_mut()?.name = text,
                    [b"Contents", b"Generation"] => {
                        page.objects.last_mut()?.generation = Some(text)
                    }
                    [b"Contents", b"Size"] => {
                        page.objects.last_mut()?.size = text.trim().parse().ok()
                    }
                    _ => {}
                }
                around.pop();
                if around.is_empty() {
                    // One that is cut has to say where it goes on.
                    page.next = page.next.filter(|token| is_cut && !token.is_empty());
                    return (page.next.is_some() == is_cut).then_some(page);
                }
            }
            Event::Eof => return None,
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// `&amp;` or `&#38;` as what it stands for.
fn push(reference: &BytesRef<'_>, text: &mut String) -> Option<()> {
    match reference.resolve_char_ref().ok()? {
        Some(character) => text.push(character),
        None => text.push_str(resolve_predefined_entity(&reference.decode().ok()?)?),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(inner: &str) -> String {
        format!(
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult \
             xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Name>b</Name>{inner}</ListBucketResult>"
        )
    }

    #[test]
    fn names_are_read_as_they_are() {
        let inner = "<Prefix/><IsTruncated>false</IsTruncated>\n <Contents><Key>a&amp;b/&#60; c </Key>\
             <Generation>7</Generation><Size>12</Size><ETag>&quot;e&quot;</ETag><Owner><Key>x</Key></Owner>\
             </Contents><Contents><Key>a//b/</Key></Contents>";
        let object = |name: &str, generation: Option<&str>, size| Object {
            name: name.to_owned(),
            generation: generation.map(str::to_owned),
            size,
        };
        let objects = vec![
            object("a&b/< c ", Some("7"), Some(12)),
            object("a//b/", None, None),
        ];
        let page = page(list(inner).as_bytes()).unwrap();
        assert_eq!(
            page,
            Page {
                objects,
                next: None
            }
        );
    }

    #[test]
    fn a_list_that_is_cut_says_where_it_goes_on() {
        let token = "<NextContinuationToken>a&#47;b=</NextContinuationToken>";
        let cut = "<IsTruncated>true</IsTruncated>";
        let next = page(list(&format!("{cut}{token}")).as_bytes())
            .unwrap()
            .next;
        assert_eq!(next.as_deref(), Some("a/b="));
        assert!(is_garbled(&page(list(cut).as_bytes()).unwrap_err()));
        assert_eq!(page(list(token).as_bytes()).unwrap().next, None);
    }

    #[test]
    fn what_is_no_list_or_has_names_that_xml_does_not_hold_is_garbled() {
        let key = |key: &str| list(&format!("<Contents><Key>{key}</Key></Contents>"));
        let whole = key("a");
        for xml in [
            "",
            "{\"items\": []}",
            "<Error><Code>NoSuchBucket</Code></Error>",
            &whole[..whole.len() - 4],
            &key(""),
            &key("a\u{fffd}b"),
            &key("&#0;"),
            &key("&unknown;"),
            &key("a<b>c</b>"),
        ] {
            assert!(
                page(xml.as_bytes()).is_err_and(|it| is_garbled(&it)),
                "{xml}"
            );
        }
        assert!(
            page(b"<ListBucketResult><Contents><Key>\xff</Key></Contents></ListBucketResult>")
                .is_err()
        );
        assert!(page(whole.as_bytes()).is_ok());
    }
}
