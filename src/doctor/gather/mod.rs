//! Looks at files, the store, Redis and the other nodes. Nothing is judged here.

mod machine;
mod peers;
mod stores;

use super::facts::Facts;
use crate::config::{Bus, Config, Store};

/// Looks at everything that a server of this configuration stands on.
pub async fn gather(config: &Config) -> Facts {
    let mut facts = Facts { open_files: machine::open_files(), ..Facts::default() };
    match &config.store {
        Store::Embedded => {
            facts.disk = Some(machine::disk(&config.data_dir));
            facts.folder = Some(stores::folder(&config.data_dir));
        }
        Store::Cql(address) => {
            let (cluster, nodes) = stores::cluster(address).await;
            facts.cluster = Some(cluster);
            facts.peers = match nodes {
                Some(nodes) => Some(peers::peers(nodes).await),
                None => None,
            };
        }
    }
    if let Bus::Redis(url) = &config.bus {
        facts.redis = Some(stores::redis(url).await);
    }
    facts
}
