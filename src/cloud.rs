//! Regions, accounts, registries, and the links between them: how far, and how fast one connection can be.
//!
//! This room knows the map. It does not know what flows on it: sharing between flows is `network`'s, images are
//! `registry`'s. All tables are dense: an id is an index.

use crate::units::{Bandwidth, Bytes, Span};

pub mod law;
pub mod regions;

/// An account, as an index into [`Cloud::accounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u16);

/// A region, as an index into [`Cloud::regions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionId(pub u16);

/// A registry (account × region), as an index into [`Cloud::registries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryId(pub u16);

/// An AWS account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its name in the scenario.
    pub name: String,
    /// Twelve digits.
    pub id: String,
}

/// An account's registry in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Registry {
    /// Who owns it, and pays for what it stores.
    pub account: AccountId,
    /// Where it is.
    pub region: RegionId,
}

/// How slow start is modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowStart {
    /// A closed-form delay ahead of each connection.
    Delay,
    /// The window's ramp inside the sharing: exact and slower.
    Ramp,
    /// None.
    None,
}

/// Requests that a client makes of one registry, each after the answer to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requests {
    /// Ahead of the first layer.
    pub opening: u32,
    /// For each layer, ahead of its bytes.
    pub layer: u32,
    /// After the last layer.
    pub closing: u32,
}

/// How a client talks to a registry (`network.client`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Client {
    /// Round trips of one request: 1 on a kept connection, 3 on a new TLS connection.
    pub request_round_trips: u32,
    /// What a request costs besides its round trips: the ends' work on it, handshake included.
    pub request_time: Span,
    /// Of the registry that it reads from.
    pub pull: Requests,
    /// Of the registry that a job's machine writes to.
    pub push: Requests,
    /// Time before the first request.
    pub start: Span,
    /// Work on a layer besides its bytes, one layer after the other.
    pub layer_start: Span,
    /// Layers downloaded at a time, unless a cluster says otherwise.
    pub parallel_layers: u32,
}

impl Client {
    /// What kubelet pulls with: connections are kept, and its own work is hidden behind the network's.
    ///
    /// The manifest by tag, the manifest by digest, and the configuration beside the first layers (theory A5.3).
    pub const CONTAINERD: Client = Client {
        request_round_trips: 1,
        request_time: Span::ZERO,
        pull: Requests { opening: 2, layer: 1, closing: 0 },
        push: Requests { opening: 0, layer: 1, closing: 0 },
        start: Span::ZERO,
        layer_start: Span::ZERO,
        parallel_layers: 3,
    };

    /// skopeo 1.9.3 as it was seen to behave: a new TLS connection for each request, six layers at a time.
    ///
    /// A pull asks for the version, the manifest, the layers and, last, the configuration. A push begins with the
    /// version, asks HEAD, HEAD, POST, PATCH and PUT for each layer and for the configuration, and puts the manifest
    /// with the last of them. The times were measured on images of 1 to 12 layers of 1 KB at round trips of 0, 40 and
    /// 100 ms, where nothing else costs any.
    pub const SKOPEO_1_9: Client = Client {
        request_round_trips: 3,
        request_time: Span(4_000_000),
        pull: Requests { opening: 2, layer: 1, closing: 1 },
        push: Requests { opening: 1, layer: 5, closing: 5 },
        start: Span(16_000_000),
        layer_start: Span(11_000_000),
        parallel_layers: 6,
    };
}

/// What the links can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Links {
    /// Round-trip time from region to region, `[from][to]`.
    pub rtt: Vec<Vec<Span>>,
    /// Pairs whose round-trip time is estimated from distance; reports name them.
    pub estimated: Vec<(RegionId, RegionId)>,
    /// Ceiling of one connection.
    pub stream_max: Bandwidth,
    /// Bytes in flight of one connection: it runs at most at `stream_window / rtt`. `None` = no such limit.
    pub stream_window: Option<Bytes>,
    /// How slow start is modelled.
    pub slow_start: SlowStart,
    /// Goodput over rate after headers, in (0, 1]; applies to every finite rate below and to node links.
    pub efficiency: f64,
    /// Shared by all flows from region to region, `[from][to]`.
    pub pair_limit: Vec<Vec<Bandwidth>>,
    /// What can queue ahead of a full pair, `[from][to]`.
    pub pair_buffer: Vec<Vec<Bytes>>,
    /// Shared by all flows out of a registry, by [`RegistryId`].
    pub registry_egress: Vec<Bandwidth>,
    /// The client's habits.
    pub client: Client,
}

/// The map of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloud {
    /// Accounts, in file order.
    pub accounts: Vec<Account>,
    /// Region codes such as `eu-west-1`, in order of first mention.
    pub regions: Vec<String>,
    /// Every registry that the scenario names.
    pub registries: Vec<Registry>,
    /// Links.
    pub links: Links,
}

impl Cloud {
    /// Names alone, without distances: enough to price usage, too little to move a byte.
    pub fn of_names(accounts: Vec<Account>, regions: Vec<String>) -> Cloud {
        let links = Links {
            rtt: Vec::new(),
            estimated: Vec::new(),
            stream_max: Bandwidth::UNLIMITED,
            stream_window: None,
            slow_start: SlowStart::None,
            efficiency: 1.0,
            pair_limit: Vec::new(),
            pair_buffer: Vec::new(),
            registry_egress: Vec::new(),
            client: Client::CONTAINERD,
        };
        Cloud { accounts, regions, registries: Vec::new(), links }
    }

    /// The registry's name in reports: `prod/eu-west-1`, or the region alone when there is one account.
    pub fn registry_name(&self, id: RegistryId) -> String {
        let registry = self.registry(id);
        let region = self.region(registry.region);
        if self.accounts.len() == 1 {
            region.to_string()
        } else {
            format!("{}/{region}", self.account(registry.account))
        }
    }

    /// The registry behind an id.
    pub fn registry(&self, id: RegistryId) -> Registry {
        self.registries[usize::from(id.0)]
    }

    /// The code of a region.
    pub fn region(&self, id: RegionId) -> &str {
        &self.regions[usize::from(id.0)]
    }

    /// The partition that a region belongs to; codes that nobody knows count as commercial.
    pub fn partition(&self, id: RegionId) -> regions::Partition {
        regions::find(self.region(id)).map_or(regions::Partition::Aws, |region| region.partition)
    }

    /// The name of an account.
    pub fn account(&self, id: AccountId) -> &str {
        &self.accounts[usize::from(id.0)].name
    }

    /// Round-trip time between two regions.
    pub fn rtt(&self, from: RegionId, to: RegionId) -> Span {
        self.links.rtt[usize::from(from.0)][usize::from(to.0)]
    }

    /// The registry of an account in a region, if the scenario has it.
    pub fn find(&self, account: AccountId, region: RegionId) -> Option<RegistryId> {
        let index = self.registries.iter().position(|r| r.account == account && r.region == region)?;
        Some(RegistryId(index as u16))
    }
}
