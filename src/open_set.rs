//! Names that a service may add to at any time: open sets, whose known values are constants.

/// A text type whose known values are constants.
macro_rules! names {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$constant_doc:meta])* $constant:ident = $text:literal;)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, ::serde::Deserialize)]
        pub struct $name(::std::borrow::Cow<'static, str>);

        impl $name {
            $($(#[$constant_doc])* pub const $constant: Self = Self(::std::borrow::Cow::Borrowed($text));)*

            /// The name, in Google's spelling.
            pub fn as_str(&self) -> &str {
                &self.0
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
                f.write_str(&self.0)
            }
        }
    )*};
}

pub(crate) use names;
