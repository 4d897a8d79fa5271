use std::fmt;

use serde::{Deserialize, Serialize};

/// Which data a sanctioned caller may send: that of this class and of those below it.
///
/// An organisation's own classes ([`crate::File::own_classes`]) stand beside the four, in no order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "String", into = "String")]
pub enum DataClass {
    /// What anybody may know.
    Public,
    /// What stays in the organisation.
    Internal,
    /// What only some in it may know.
    Confidential,
    /// What the law or a contract protects.
    Restricted,
    /// One of the organisation's own.
    Own(String),
}

impl DataClass {
    /// The four that everybody has, the least first.
    pub const COMMON: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::Restricted];

    /// The word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
            Self::Own(name) => name,
        }
    }

    /// Whether two people must agree before such data may be sent. Of one's own classes that is not known, so yes.
    pub fn takes_two(&self) -> bool {
        !matches!(self, Self::Public | Self::Internal)
    }
}

impl From<String> for DataClass {
    fn from(name: String) -> Self {
        let common = Self::COMMON.into_iter().find(|class| class.as_str() == name);
        common.unwrap_or(Self::Own(name))
    }
}

impl From<DataClass> for String {
    fn from(class: DataClass) -> Self {
        class.as_str().to_owned()
    }
}

impl fmt::Display for DataClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
