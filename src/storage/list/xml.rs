//! A page as the XML API gives it, in the second version of its list.

use std::error::Error as _;
use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use super::{MOST_OBJECTS, Object, Page};
use crate::error::{Error, Result};

/// How many elements may stand in each other, twice as many as do.
const DEEPEST: usize = 8;

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

/// Reads a page of the list of a bucket.
pub(super) fn page(xml: &[u8], bucket: &str) -> Result<Page> {
    read(xml, bucket).ok_or_else(garbled)
}

/// `None` if it is not a list of this bucket, from its first element to its end and nothing else.
fn read(xml: &[u8], bucket: &str) -> Option<Page> {
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut page = Page::default();
    let mut is_cut = None;
    // The names of the elements around, and the text of the innermost.
    let mut around: Vec<Vec<u8>> = Vec::new();
    let mut text = String::new();
    let mut is_over = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_vec();
                let is_wrong_root = around.is_empty() && name != b"ListBucketResult";
                // What is a text has no parts.
                if is_over || is_wrong_root || around.len() == DEEPEST || !text.trim().is_empty() {
                    return None;
                }
                if around.len() == 1 && name == b"Contents" {
                    if page.objects.len() == MOST_OBJECTS {
                        return None;
                    }
                    page.objects.push(Object::default());
                }
                around.push(name);
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().ok()?),
            Event::CData(part) => text.push_str(&part.decode().ok()?),
            Event::GeneralRef(reference) => push(&reference, &mut text)?,
            Event::End(_) => {
                let text = std::mem::take(&mut text);
                match &around[..] {
                    [_, name] => match &name[..] {
                        b"Name" if text != bucket => return None,
                        b"IsTruncated" => {
                            let told = match text.trim() {
                                "true" => true,
                                "false" => false,
                                _ => return None,
                            };
                            once(&mut is_cut, told)?;
                        }
                        b"NextContinuationToken" if !text.is_empty() => {
                            once(&mut page.next, text)?;
                        }
                        b"Contents" => {
                            // Nor one of what stands for characters that could not be written.
                            let name = &page.objects.last()?.name;
                            if name.is_empty() || name.contains('\u{fffd}') {
                                return None;
                            }
                        }
                        _ => {}
                    },
                    [_, contents, name] if contents == b"Contents" => {
                        let object = page.objects.last_mut()?;
                        match &name[..] {
                            b"Key" if !object.name.is_empty() => return None,
                            b"Key" => object.name = text,
                            b"Generation" => once(&mut object.generation, text)?,
                            b"Size" => once(&mut object.size, text.trim().parse().ok()?)?,
                            _ => {}
                        }
                    }
                    _ => {}
                }
                around.pop();
                is_over |= around.is_empty();
            }
            // One that is cut has to say where it goes on, and no other one.
            Event::Eof => {
                let is_whole = is_over && text.trim().is_empty();
                return (is_whole && is_cut == Some(page.next.is_some())).then_some(page);
            }
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// Takes what may be told once.
fn once<T>(place: &mut Option<T>, told: T) -> Option<()> {
    place.replace(told).is_none().then_some(())
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

    const WHOLE: &str = "<IsTruncated>false</IsTruncated>";

    fn list(inner: &str) -> String {
        format!(
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult \
             xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Name>b</Name>{inner}</ListBucketResult>\n"
        )
    }

    fn page(xml: &str) -> Result<Page> {
        super::page(xml.as_bytes(), "b")
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
        let page = page(&list(inner)).unwrap();
        assert_eq!(
            page,
            Page {
                objects,
                next: None
            }
        );
    }

    #[test]
    fn a_list_that_is_cut_says_where_it_goes_on_and_no_other() {
        let token = "<NextContinuationToken>a&#47;b=</NextContinuationToken>";
        let cut = "<IsTruncated>true</IsTruncated>";
        let next = page(&list(&format!("{cut}{token}"))).unwrap().next;
        assert_eq!(next.as_deref(), Some("a/b="));
        let odd = ["1", "TRUE", ""].map(|it| format!("<IsTruncated>{it}</IsTruncated>"));
        let whole_with_token = format!("{WHOLE}{token}");
        let twice = format!("{cut}{token}{token}");
        for inner in [
            cut,
            token,
            "",
            &whole_with_token,
            &twice,
            &odd[0],
            &odd[1],
            &odd[2],
        ] {
            assert!(
                page(&list(inner)).is_err_and(|it| is_garbled(&it)),
                "{inner}"
            );
        }
    }

    #[test]
    fn what_is_no_list_or_has_names_that_xml_does_not_hold_is_garbled() {
        let key = |key: &str| list(&format!("{WHOLE}<Contents><Key>{key}</Key></Contents>"));
        let whole = key("a");
        assert!(page(&whole).is_ok());
        assert!(page(&whole.replace("<Name>b</Name>", "")).is_ok());
        for xml in [
            "",
            "{\"items\": []}",
            "<Error><Code>NoSuchBucket</Code></Error>",
            &whole[..whole.len() - 4],
            &(whole.clone() + "<more/>"),
            &(whole.clone() + "more"),
            &whole.replace("<Name>b<", "<Name>c<"),
            &whole.replace("<Key>a</Key>", ""),
            &whole.replace("<Key>a</Key>", "<Key>a</Key><Key>b</Key>"),
            &whole.replace("<Key>a</Key>", "<Key>a</Key><Size>some</Size>"),
            &whole.replace("<Contents><Key>a</Key></Contents>", "<Contents/>"),
            &key(""),
            &key("a\u{fffd}b"),
            &key("&#0;"),
            &key("&unknown;"),
            &key("a<b>c</b>"),
        ] {
            assert!(page(xml).is_err_and(|it| is_garbled(&it)), "{xml}");
        }
        let spoiled = b"<ListBucketResult><Contents><Key>\xff</Key></Contents></ListBucketResult>";
        assert!(super::page(spoiled, "b").is_err());
    }

    #[test]
    fn deep_and_long_lists_are_not_read_to_their_end() {
        let deep = format!("{}{}", "<a>".repeat(1_000_000), "</a>".repeat(1_000_000));
        let many = "<Contents><Key>a</Key></Contents>".repeat(MOST_OBJECTS + 1);
        for inner in [deep, WHOLE.to_owned() + &many] {
            assert!(page(&list(&inner)).is_err_and(|it| is_garbled(&it)));
        }
    }
}
