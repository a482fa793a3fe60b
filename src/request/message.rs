//! How the messages of a request are made: a JSON object whose known fields have methods, and
//! every other field `field`.

/// Types that hold the fields of one of Google's messages.
macro_rules! message {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name(pub(crate) serde_json::Map<String, serde_json::Value>);

        impl $name {
            #[doc = concat!("Sets any field of `", stringify!($name), "`, in Google's spelling.")]
            pub fn field(
                mut self,
                name: impl Into<String>,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                self.0.insert(name.into(), value.into());
                self
            }
        }

        impl From<$name> for serde_json::Value {
            fn from(message: $name) -> Self {
                Self::Object(message.0)
            }
        }
    )*};
}

/// Methods that set one field each.
macro_rules! fields {
    ($($(#[$doc:meta])* $method:ident: $kind:ty => $field:literal;)*) => {
        $($(#[$doc])*
        pub fn $method(self, value: $kind) -> Self {
            self.field($field, value)
        })*
    };
}

/// Methods that set one field each to a name of an open set.
macro_rules! name_fields {
    ($($(#[$doc:meta])* $method:ident: $kind:ty => $field:literal;)*) => {
        $($(#[$doc])*
        pub fn $method(self, value: impl Into<$kind>) -> Self {
            let value: $kind = value.into();
            self.field($field, value)
        })*
    };
}

pub(super) use {fields, message, name_fields};
