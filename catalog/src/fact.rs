//! What is known of a vendor's governance, and where it says so.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A fact with its source, or `"unknown"`: nothing is stated without a page that says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fact<T> {
    /// Nobody has found a source.
    #[default]
    Unknown,
    /// Found on the page `source`.
    Known {
        /// What the page says.
        value: T,
        /// The page's `https` address.
        source: String,
    },
}

impl<T> Fact<T> {
    /// The value, when it is known.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Unknown => None,
            Self::Known { value, .. } => Some(value),
        }
    }

    /// The address of the page that states the value.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Unknown => None,
            Self::Known { source, .. } => Some(source),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Fact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Known { value, .. } => value.fmt(f),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known<T> {
    value: T,
    source: String,
}

impl<T: Serialize + Clone> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Self::Unknown => serializer.serialize_str("unknown"),
            Self::Known { value, source } => Known { value, source }.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FactVisitor(PhantomData))
    }
}

struct FactVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FactVisitor<T> {
    type Value = Fact<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#""unknown" or { value = "…", source = "https://…" }"#)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "unknown" => Ok(Fact::Unknown),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Known { value, source } = Known::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Fact::Known { value, source })
    }
}

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Country(String);

impl Country {
    /// The two capital letters.
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(code))
        } else {
            Err(format!(
                "`{code}` is not an ISO 3166-1 country code of two capital letters, such as `US`"
            ))
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Declares an enum whose variants are written in snake case, in files as on pages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)+ })
            }
        }
    };
}

words! {
    /// Whether the vendor signs a data-processing agreement (GDPR, article 28).
    Agreement {
        /// For every customer.
        Offered = "offered",
        /// For business, enterprise or API customers only.
        BusinessPlans = "business_plans",
        /// For nobody.
        None = "none",
    }
}

words! {
    /// Whether customers' content trains models unless they object.
    Training {
        /// For no customer.
        Off = "off",
        /// For free and personal plans only.
        PersonalPlans = "personal_plans",
        /// For every customer.
        On = "on",
    }
}

words! {
    /// Whether content can be kept in the European Union.
    Residency {
        /// For every customer, or by default.
        Offered = "offered",
        /// For business, enterprise or API customers who choose it.
        BusinessPlans = "business_plans",
        /// For nobody.
        None = "none",
    }
}
