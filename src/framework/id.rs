//! Typed, sortable ids: a UUIDv7 in the database, `prod_01h…` (TypeID) in the API.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{IsNull, Output, ToSql};
use mti::prelude::TypeIdSuffix;
use uuid::Uuid;

use super::db::Typed;

/// What an [`Id`] identifies.
pub trait Kind: 'static {
    /// The prefix in the API: `prod` for `prod_01h…`.
    const PREFIX: &'static str;
    /// The GraphQL type that `node` answers for it.
    const TYPE_NAME: &'static str;
}

/// An id of one kind of thing. Ids of different kinds do not mix, in Rust or in the API.
pub struct Id<K: Kind>(Uuid, PhantomData<fn() -> K>);

/// Why a text is no id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A well-formed id of something else.
    #[error("this is the id of another kind of object; expected one that begins with `{expected}_`")]
    WrongKind {
        /// The prefix that was expected.
        expected: &'static str,
    },
    /// No id at all.
    #[error("not a valid id; expected `{expected}_` followed by 26 characters")]
    Malformed {
        /// The prefix that was expected.
        expected: &'static str,
    },
}

impl<K: Kind> Id<K> {
    /// Wraps a UUID that is known to be of this kind (read from the database, say).
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The UUID that the database keeps.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// Reads the API's form. Malformed text and ids of other kinds are told apart.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text.rsplit_once('_') {
            Some((prefix, suffix)) if suffix.len() == 26 => {
                let suffix =
                    TypeIdSuffix::from_str(suffix).map_err(|_| IdError::Malformed { expected: K::PREFIX })?;
                if prefix != K::PREFIX {
                    return Err(IdError::WrongKind { expected: K::PREFIX });
                }
                Ok(Self::from_uuid(suffix.to_uuid()))
            }
            _ => Err(IdError::Malformed { expected: K::PREFIX }),
        }
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: Kind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, TypeIdSuffix::from(self.0))
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl<K: Kind> Typed for Id<K> {
    type St = diesel::sql_types::Uuid;
}
impl<K: Kind> ToSql<diesel::sql_types::Uuid, Pg> for Id<K> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        std::io::Write::write_all(out, self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}
impl<K: Kind> FromSql<diesel::sql_types::Uuid, Pg> for Id<K> {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self::from_uuid(<Uuid as FromSql<diesel::sql_types::Uuid, Pg>>::from_sql(bytes)?))
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $alias:ident, $prefix:literal, $type_name:literal;)*) => {
        $(
            $(#[$doc])* #[derive(Debug)] pub enum $kind {}
            impl Kind for $kind { const PREFIX: &'static str = $prefix; const TYPE_NAME: &'static str = $type_name; }
            $(#[$doc])* pub type $alias = Id<$kind>;
        )*
        /// Every prefix with the GraphQL type behind it.
        pub const KINDS: &[(&str, &str)] = &[$(($prefix, $type_name)),*];
    };
}
kinds! {
    /// A vendor: the tenant.
    VendorKind, VendorId, "vend", "Vendor";
    /// A person who logs in as platform admin or team member.
    UserKind, UserId, "user", "User";
    /// A person's place in a vendor's team.
    TeamMemberKind, TeamMemberId, "member", "TeamMember";
    /// A role of a vendor.
    RoleKind, RoleId, "role", "Role";
    /// A team invitation.
    InvitationKind, InvitationId, "inv", "TeamInvitation";
    /// A person who buys at one vendor.
    CustomerKind, CustomerId, "cust", "Customer";
    /// An entry of a customer's address book.
    AddressKind, AddressId, "addr", "CustomerAddress";
    /// A login session.
    SessionKind, SessionId, "sess", "Session";
    /// A login that still needs an answer.
    ChallengeIdKind, ChallengeId, "chal", "LoginChallenge";
    /// A product of a vendor's catalog.
    ProductKind, ProductId, "prod", "Product";
    /// What is sold: one variant of a product.
    VariantKind, VariantId, "var", "ProductVariant";
    /// A picture.
    ImageKind, ImageId, "img", "Image";
    /// A category of a vendor's tree.
    CategoryKind, CategoryId, "cat", "Category";
    /// A place where inventory is kept.
    LocationKind, LocationId, "loc", "InventoryLocation";
    /// The balance of one variant at one location.
    InventoryItemKind, InventoryItemId, "item", "InventoryItem";
    /// One entry of the inventory ledger.
    MovementKindId, MovementId, "mov", "InventoryMovement";
    /// A run of a feed import.
    ImportJobKind, ImportJobId, "imp", "ImportJob";
    /// A staged row of a feed.
    MarketplaceProductKind, MarketplaceProductId, "mprod", "MarketplaceProduct";
    /// A run that publishes staged rows.
    PublishJobKind, PublishJobId, "pub", "PublishJob";
    /// A cart.
    CartKind, CartId, "cart", "Cart";
    /// A line of a cart.
    CartLineKind, CartLineId, "cline", "CartLine";
    /// A shipping method of a vendor.
    ShippingMethodKind, ShippingMethodId, "ship", "ShippingMethod";
    /// An order.
    OrderKind, OrderId, "order", "Order";
    /// A line of an order.
    OrderLineKind, OrderLineId, "oline", "OrderLine";
    /// A parcel.
    FulfilmentKind, FulfilmentId, "ful", "Fulfilment";
    /// A payment, or an attempt at one.
    PaymentKind, PaymentId, "pay", "Payment";
    /// An event of the vendor's feed.
    EventKind, EventId, "evt", "Event";
    /// A row of the audit log.
    AuditEventKind, AuditEventId, "aud", "AuditEvent";
    /// A key of a partner or server.
    ApiKeyKind, ApiKeyId, "key", "ApiKey";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let id = ProductId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(ProductId::parse(&id.to_string()), Ok(id));
        assert!(id.to_string().starts_with("prod_"));
    }

    #[test]
    fn tells_another_kind_from_nonsense() {
        let id = ProductId::from_uuid(Uuid::from_u128(1)).to_string();
        assert_eq!(VariantId::parse(&id), Err(IdError::WrongKind { expected: "var" }));
        for text in [
            "",
            "prod",
            "prod_",
            "prod_0",
            "_",
            "prod_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "prod_é1234567890123456789012345",
        ] {
            assert_eq!(ProductId::parse(text), Err(IdError::Malformed { expected: "prod" }), "{text}");
        }
    }

    #[test]
    fn prefixes_are_unique() {
        let mut prefixes: Vec<_> = KINDS.iter().map(|(prefix, _)| prefix).collect();
        prefixes.sort();
        prefixes.dedup();
        assert_eq!(prefixes.len(), KINDS.len());
    }
}
