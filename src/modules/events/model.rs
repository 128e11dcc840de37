//! Events and their types.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::framework::id::EventId;
use crate::framework::permission::Permission;

/// What happened. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum EventType {
    /// The vendor was created.
    VendorCreated,
    /// The vendor or its settings changed.
    VendorUpdated,
    /// A product was created.
    ProductCreated,
    /// A product, its variants or its prices changed.
    ProductUpdated,
    /// A product was deleted.
    ProductDeleted,
    /// A category was created.
    CategoryCreated,
    /// A category changed.
    CategoryUpdated,
    /// A category was deleted.
    CategoryDeleted,
    /// Quantities changed.
    InventoryChanged,
    /// A cart changed.
    CartUpdated,
    /// An order was placed.
    OrderPlaced,
    /// An order changed in another way than the more exact types say.
    OrderUpdated,
    /// An order, or units of it, were cancelled.
    OrderCancelled,
    /// A parcel was sent.
    OrderShipped,
    /// A parcel arrived.
    OrderDelivered,
    /// An order was paid.
    OrderPaid,
    /// An import made progress or ended.
    ImportUpdated,
    /// A publish job made progress or ended.
    PublishUpdated,
    /// A customer registered.
    CustomerRegistered,
    /// A customer changed.
    CustomerUpdated,
    /// The team or its roles changed.
    TeamChanged,
}

crate::text_enum!(EventType {
    VendorCreated => "VENDOR_CREATED", VendorUpdated => "VENDOR_UPDATED",
    ProductCreated => "PRODUCT_CREATED", ProductUpdated => "PRODUCT_UPDATED", ProductDeleted => "PRODUCT_DELETED",
    CategoryCreated => "CATEGORY_CREATED", CategoryUpdated => "CATEGORY_UPDATED", CategoryDeleted => "CATEGORY_DELETED",
    InventoryChanged => "INVENTORY_CHANGED", CartUpdated => "CART_UPDATED",
    OrderPlaced => "ORDER_PLACED", OrderUpdated => "ORDER_UPDATED", OrderCancelled => "ORDER_CANCELLED",
    OrderShipped => "ORDER_SHIPPED", OrderDelivered => "ORDER_DELIVERED", OrderPaid => "ORDER_PAID",
    ImportUpdated => "IMPORT_UPDATED", PublishUpdated => "PUBLISH_UPDATED",
    CustomerRegistered => "CUSTOMER_REGISTERED", CustomerUpdated => "CUSTOMER_UPDATED", TeamChanged => "TEAM_CHANGED",
});

impl EventType {
    /// What one must be allowed to read in order to read of it.
    pub fn permission(self) -> Permission {
        use EventType::*;
        match self {
            VendorCreated | VendorUpdated => Permission::SettingsRead,
            ProductCreated | ProductUpdated | ProductDeleted => Permission::ProductsRead,
            CategoryCreated | CategoryUpdated | CategoryDeleted => Permission::CategoriesRead,
            InventoryChanged => Permission::InventoryRead,
            CartUpdated | OrderPlaced | OrderUpdated | OrderCancelled | OrderShipped | OrderDelivered
            | OrderPaid => Permission::OrdersRead,
            ImportUpdated | PublishUpdated => Permission::ImportsRead,
            CustomerRegistered | CustomerUpdated => Permission::CustomersRead,
            TeamChanged => Permission::TeamRead,
        }
    }
}

crate::row! {
    /// A numbered event.
    pub struct EventRow {
        /// Stable over all deliveries.
        pub id: EventId,
        /// The number in the vendor's feed.
        pub sequence: i64,
        /// An [`EventType`], or one of a newer release.
        pub kind: String,
        /// The GraphQL type of the object.
        pub entity_type: String,
        /// The object.
        pub entity_id: Uuid,
        /// Further ids.
        pub data: Value,
        /// When it was written.
        pub created_at: DateTime<Utc>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::permission::RolePreset;

    #[test]
    fn a_viewer_reads_everything_but_team_and_settings() {
        let viewer = RolePreset::Viewer.permissions();
        let hidden: Vec<_> = EventType::ALL
            .iter()
            .filter(|kind| !viewer.contains(kind.permission()))
            .map(|k| k.as_str())
            .collect();
        assert_eq!(hidden, ["VENDOR_CREATED", "VENDOR_UPDATED", "TEAM_CHANGED"]);
    }

    #[test]
    fn the_schema_and_the_database_use_the_same_words() {
        for item in <EventType as async_graphql::resolver_utils::EnumType>::items() {
            assert_eq!(item.name, item.value.as_str());
        }
    }
}
