//! How many places a service has, and how many are promised.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use uput_core::wire::{self, ServiceType};

use crate::access::Node;
use crate::args::Options;
use crate::code::{self, word_of};
use crate::failure::Failure;
use crate::label;
use crate::output::{Answer, Page};
use crate::refusal;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum PlacesCommand {
    /// List how each service stands
    #[command(after_help = "Examples:
  uput places list --as worker.toml
  uput places list --json | jq '.services[] | select(.service == \"shelter\") | .free'")]
    List,
    /// Say how many places a service has from now on
    Set(SetArgs),
}

/// Of which, and how many.
#[derive(Args)]
#[command(after_help = "Examples:
  uput places set shelter --places 12 --overflow 3 --as supervisor.toml")]
pub(crate) struct SetArgs {
    /// The kind of service
    #[arg(value_parser = code::parser::<ServiceType>())]
    service: ServiceType,
    /// Places
    #[arg(long, value_name = "NUMBER")]
    places: u32,
    /// So many more for a short time, each promised with a reason
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    overflow: u32,
}

impl PlacesCommand {
    pub(crate) async fn run(self, options: &Options) -> Result<Answer, Failure> {
        let node = Node::connect(options).await?;
        let services = match self {
            Self::List => {
                let answer = node.places().list_places(wire::ListPlacesRequest {}).await;
                answer.map_err(|status| refusal::of(&status))?.into_inner().services
            }
            Self::Set(SetArgs { service, places, overflow }) => {
                let request = wire::SetPlacesRequest { service_type: service.into(), places, overflow };
                let answer = node.places().set_places(request).await;
                answer.map_err(|status| refusal::of(&status))?.into_inner().services
            }
        };
        let services: Vec<Service> = services.into_iter().map(Service::of).collect();
        let mut page = Page::default();
        page.table(["SERVICE", "PLACES", "OVERFLOW", "HELD", "ACCEPTED", "FREE"], services.iter().map(Service::row));
        Answer::new(&json!({ "services": services }), page)
    }
}

#[derive(Serialize)]
struct Service {
    service: String,
    /// None: nobody said.
    places: Option<u32>,
    overflow: u32,
    held: u32,
    accepted: u32,
    free: Option<u32>,
}

impl Service {
    fn of(stands: wire::ServicePlaces) -> Self {
        let counted = |number| stands.counted.then_some(number);
        Self {
            service: word_of::<ServiceType>(stands.service_type).unwrap_or_default(),
            places: counted(stands.places),
            overflow: stands.overflow,
            held: stands.held,
            accepted: stands.accepted,
            free: counted(stands.free),
        }
    }

    fn row(&self) -> [String; 6] {
        let number = |number: Option<u32>| number.map_or_else(|| "not said".to_owned(), |number| number.to_string());
        [
            label::of::<ServiceType>(&self.service),
            number(self.places),
            self.overflow.to_string(),
            self.held.to_string(),
            self.accepted.to_string(),
            number(self.free),
        ]
    }
}
