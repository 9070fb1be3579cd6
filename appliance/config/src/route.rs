//! Routes: where a call from a trunk goes, and which trunk a dialled number takes.

use crate::extension::yes;
use crate::{
    Channels, InboundRouteId, IsdnNumbering, Number, NumberType, OutboundRouteId, Pattern,
    Revision, TenantId, TrunkId,
};
use serde::{Deserialize, Serialize};

/// Where calls from outside go. The first route that fits, by `order`, decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboundRoute {
    /// Its id.
    #[serde(default)]
    pub id: InboundRouteId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// The tenant that it belongs to.
    #[serde(default = "TenantId::default_tenant")]
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Switched off, it is passed over.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Lower is tried first.
    #[serde(default = "middle")]
    pub order: u32,
    /// Only calls from this trunk; `None` takes all.
    #[serde(default)]
    pub trunk: Option<TrunkId>,
    /// The called number, in E.164 where the box could make it so, else as the carrier sent it.
    pub did: Pattern,
    /// Only these callers; `None` takes all.
    #[serde(default)]
    pub caller: Option<Pattern>,
    /// Only calls on these timeslots of a digital line; `None` takes all.
    #[serde(default)]
    pub channels: Option<Channels>,
    /// Only called numbers that a digital line marks so; `None` takes all.
    #[serde(default)]
    pub number_type: Option<NumberType>,
    /// The internal number that rings.
    pub destination: Number,
}

/// Which trunk a dialled number takes. The first route that fits, by `order`, decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutboundRoute {
    /// Its id.
    #[serde(default)]
    pub id: OutboundRouteId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// The tenant that it belongs to.
    #[serde(default = "TenantId::default_tenant")]
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Switched off, it is passed over.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Lower is tried first.
    #[serde(default = "middle")]
    pub order: u32,
    /// The number as dialled.
    pub pattern: Pattern,
    /// Only these callers' internal numbers; `None` takes all.
    #[serde(default)]
    pub caller: Option<Pattern>,
    /// How many characters to take off the front of what was dialled.
    #[serde(default)]
    pub strip: u8,
    /// What to put in front afterwards.
    #[serde(default)]
    pub prepend: String,
    /// The trunks to try, in this order: the next one on 408, 5xx or no answer from the network.
    pub trunks: Vec<TrunkId>,
    /// Calls that fit are refused: barring.
    #[serde(default)]
    pub barred: bool,
    /// How the called number is marked on digital lines; `None` as the trunk marks it.
    #[serde(default)]
    pub numbering: Option<IsdnNumbering>,
    /// Only these timeslots of each line of a digital trunk; `None` takes all.
    #[serde(default)]
    pub channels: Option<Channels>,
}

fn middle() -> u32 {
    100
}
