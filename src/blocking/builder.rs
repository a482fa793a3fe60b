//! The builders of the async client, forwarded one by one.

/// A builder of the same name and methods as an async one, whose documentation holds.
macro_rules! builder {
    ($(#[$doc:meta])* $module:ident::$name:ident {
        $($(#[$attribute:meta])* $method:ident($($arg:ident: $kind:ty),*);)*
    }) => {
        $(#[$doc])*
        #[must_use = "nothing is done until it is called"]
        #[derive(Debug)]
        pub struct $name {
            inner: crate::$module::$name,
            engine: Engine,
        }

        impl $name {
            pub(super) fn new(inner: crate::$module::$name, engine: Engine) -> Self {
                Self { inner, engine }
            }

            $(
                $(#[$attribute])*
                #[doc = concat!(
                    "See [`", stringify!($name), "::", stringify!($method), "`](crate::",
                    stringify!($module), "::", stringify!($name), "::", stringify!($method), ")."
                )]
                pub fn $method(mut self, $($arg: $kind),*) -> Self {
                    self.inner = self.inner.$method($($arg),*);
                    self
                }
            )*
        }
    };
}

/// The call of a builder, which gives what awaiting the async one does.
macro_rules! callable {
    ($module:ident::$name:ident => $output:ty) => {
        impl $name {
            #[doc = concat!("What awaiting a [`", stringify!($name), "`](crate::",
                                stringify!($module), "::", stringify!($name), ") gives.")]
            ///
            /// # Errors
            ///
            #[doc = concat!("Those of the async [`", stringify!($name), "`](crate::",
                                stringify!($module), "::", stringify!($name), "), and a call from within an async runtime.")]
            pub fn call(self) -> Result<$output> {
                self.engine.block_on(self.inner.into_future())?
            }
        }
    };
}

pub(super) use {builder, callable};
