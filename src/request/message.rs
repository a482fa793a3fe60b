//! How the messages of a request are made: a JSON object whose known fields have methods, and
//! every other field `field`.

/// Types that hold the fields of one of Google's messages.
macro_rules! message {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name(pub(crate) serde_json::Map<String, serde_json::Value>);

        impl $name {
            #[doc = concat!("Sets any field of `", stringify!($name), "`, in Google's spelling; one that was")]
            /// set before is replaced.
            ///
            /// A float that is not finite becomes `null` on its way into a
            /// [`Value`](serde_json::Value), and with it a field that is not set.
            ///
            /// ```
            #[doc = concat!("use genai_batch::request::", stringify!($name), ";")]
            ///
            #[doc = concat!("fn with_a_new_field(message: ", stringify!($name), ") -> ", stringify!($name), " {")]
            ///     message.field("newField", 1)
            /// }
            /// ```
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

/// Methods that set one field each, with an example of it: `of` what it is called, and with which value.
macro_rules! fields {
    (of $made:literal;
        $($(#[$doc:meta])* $method:ident: $kind:ty = $example:literal => $field:literal;)*) => {
        $($(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use genai_batch::request::*;\n\nlet it = ", $made, ".", stringify!($method), "(", $example, ");")]
        /// ```
        pub fn $method(self, value: $kind) -> Self {
            self.field($field, value)
        })*
    };
}

/// Methods that set one field each to a float, with an example of it.
macro_rules! float_fields {
    (of $made:literal; $($(#[$doc:meta])* $method:ident = $example:literal => $field:literal;)*) => {
        $($(#[$doc])*
        ///
        /// A number that is not finite is an error of the create.
        ///
        /// ```
        #[doc = concat!("use genai_batch::request::*;\n\nlet it = ", $made, ".", stringify!($method), "(", $example, ");")]
        /// ```
        pub fn $method(self, value: f64) -> Self {
            self.field($field, super::message::float(value))
        })*
    };
}

/// A float in JSON, which has no number for one that is not finite: that becomes a text as proto3
/// writes it, which is told by its path, and not a field that is not set.
pub(super) fn float(value: f64) -> serde_json::Value {
    if value.is_finite() {
        return value.into();
    }
    match value {
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        _ => "NaN".into(),
    }
}

/// Methods that set one field each to a name of an open set, with an example of it.
macro_rules! name_fields {
    (of $made:literal;
        $($(#[$doc:meta])* $method:ident: $kind:ty = $example:literal => $field:literal;)*) => {
        $($(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use genai_batch::request::*;\n\nlet it = ", $made, ".", stringify!($method), "(", $example, ");")]
        /// ```
        pub fn $method(self, value: impl Into<$kind>) -> Self {
            let value: $kind = value.into();
            self.field($field, value)
        })*
    };
}

pub(super) use {fields, float_fields, message, name_fields};
