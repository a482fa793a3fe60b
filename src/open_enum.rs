//! Names that a service may add to at any time: open sets, whose known values are constants.

/// A text type whose known values are constants.
///
/// Proto3 JSON may write an enum as its number. A constant that stands behind one (`= "STOP" | 1`) is
/// read from it too; any other number becomes the name of its digits, which no constant has.
macro_rules! names {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$constant_doc:meta])* $constant:ident = $text:literal $(| $number:literal)?;)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(::std::borrow::Cow<'static, str>);

        impl $name {
            $($(#[$constant_doc])* pub const $constant: Self = Self(::std::borrow::Cow::Borrowed($text));)*

            /// The name, in Google's spelling.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(match <$crate::open_enum::Spelling as ::serde::Deserialize>::deserialize(deserializer)? {
                    $crate::open_enum::Spelling::Name(name) => name.into(),
                    // 0 is what an enum is that says nothing.
                    $crate::open_enum::Spelling::Number(0) => "UNSPECIFIED".into(),
                    $($($crate::open_enum::Spelling::Number($number) => Self::$constant,)?)*
                    $crate::open_enum::Spelling::Number(other) => other.to_string().into(),
                })
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(::std::borrow::Cow::Owned(name.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(::std::borrow::Cow::Owned(name))
            }
        }

        impl From<&String> for $name {
            fn from(name: &String) -> Self {
                name.as_str().into()
            }
        }

        impl From<$name> for ::serde_json::Value {
            fn from(name: $name) -> Self {
                name.0.into_owned().into()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::shown::Shown(&self.0).fmt(f)
            }
        }
    )*};
}

pub(crate) use names;

/// How JSON writes an enum.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Spelling {
    Name(String),
    Number(i64),
}
