//! Why a run cannot go on: one sentence.

use std::fmt;

/// A sentence for whoever reads the report.
#[derive(Debug)]
pub struct Failed(pub String);

/// What a step of a run gives.
pub type Outcome<T> = Result<T, Failed>;

impl Failed {
    /// Takes the sentence.
    pub fn because(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// Says where.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<tonic::Status> for Failed {
    fn from(status: tonic::Status) -> Self {
        Self(format!("{:?}: {}", status.code(), status.message()))
    }
}

impl From<tonic::transport::Error> for Failed {
    fn from(error: tonic::transport::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<toml::de::Error> for Failed {
    fn from(error: toml::de::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<toml::ser::Error> for Failed {
    fn from(error: toml::ser::Error) -> Self {
        Self(error.to_string())
    }
}
