//! Queries and subscriptions.

use super::{Case, Who, case};
use crate::support::json;

use Who::{Admin, Customer, Owner, Visitor};

pub fn queries() -> Vec<Case> {
    let mut cases = vec![
        case(Owner, "auditEvents", |ids| json!({ "first": 5, "filter": { "entityId": ids.get("product") } })),
        case(Admin, "users", |_| json!({ "first": 5 })),
        case(Admin, "vendors", |_| json!({ "first": 5 })),
        case(Visitor, "errorCodes", |_| json!({})),
        case(Visitor, "permissionCatalog", |_| json!({})),
        case(Visitor, "rolePresets", |_| json!({})),
        case(Visitor, "vendor", |_| json!({})),
        case(Owner, "viewer", |_| json!({})),
        case(Customer, "viewer", |_| json!({})),
        case(Owner, "events", |_| json!({ "first": 5 })),
        case(Owner, "roles", |_| json!({ "first": 5 })),
        case(Owner, "team", |_| json!({ "first": 5 })),
        case(Owner, "shippingMethods", |_| json!({})),
    ];
    cases.extend(catalog());
    cases.extend(inventory());
    cases.extend(imports());
    cases.extend(orders());
    cases
}

fn catalog() -> Vec<Case> {
    vec![
        case(Visitor, "categories", |_| json!({ "first": 5 })),
        case(Visitor, "category", |ids| json!({ "id": ids.get("category") })),
        case(Visitor, "category", |ids| json!({ "slug": ids.get("categorySlug") })),
        case(Visitor, "product", |ids| json!({ "id": ids.get("product") })),
        case(Visitor, "product", |ids| json!({ "slug": ids.get("slug") })),
        case(Visitor, "product", |ids| json!({ "sku": ids.get("sku") })),
        case(Visitor, "product", |ids| json!({ "externalId": ids.get("externalId") })),
        case(Owner, "product", |ids| json!({ "id": ids.get("draft") })),
        case(Owner, "product", |ids| json!({ "slug": ids.get("draftSlug") })),
        case(Visitor, "products", |_| json!({ "first": 5 })),
        case(Visitor, "products", |ids| json!({ "first": 5, "search": ids.get("sku") })),
        case(Visitor, "products", |ids| json!({ "first": 5, "filter": { "ids": [ids.get("product")] } })),
        case(
            Visitor,
            "products",
            |ids| json!({ "first": 5, "filter": { "category": { "eq": ids.get("category") } } }),
        ),
        case(Owner, "node", |ids| json!({ "id": ids.get("product") })),
        case(Owner, "nodes", |ids| {
            json!({ "ids": (["draft", "variant", "category", "item", "location", "movement", "order", "fulfilment",
                "payment", "importJob", "publishJob", "staged"].map(|name| ids.get(name))) })
        }),
        case(
            Customer,
            "nodes",
            |ids| json!({ "ids": (["cartId", "order", "payment"].map(|name| ids.get(name))) }),
        ),
    ]
}

fn inventory() -> Vec<Case> {
    vec![
        case(
            Owner,
            "inventoryItems",
            |ids| json!({ "first": 5, "filter": { "variantId": ids.get("variant") } }),
        ),
        case(
            Owner,
            "inventoryItems",
            |ids| json!({ "first": 5, "filter": { "locationId": ids.get("location") } }),
        ),
        case(Owner, "inventoryLocations", |_| json!({ "first": 5 })),
        case(
            Owner,
            "inventoryMovements",
            |ids| json!({ "first": 5, "filter": { "itemId": ids.get("item") } }),
        ),
        case(
            Owner,
            "inventoryMovements",
            |ids| json!({ "first": 5, "filter": { "orderId": ids.get("order") } }),
        ),
        case(
            Owner,
            "inventoryMovements",
            |ids| json!({ "first": 5, "filter": { "variantId": ids.get("variant") } }),
        ),
    ]
}

fn imports() -> Vec<Case> {
    vec![
        case(Owner, "importJob", |ids| json!({ "id": ids.get("importJob") })),
        case(Owner, "importJobs", |_| json!({ "first": 5 })),
        case(
            Owner,
            "marketplaceProducts",
            |ids| json!({ "first": 5, "filter": { "jobId": ids.get("importJob") } }),
        ),
        case(
            Owner,
            "marketplaceProducts",
            |ids| json!({ "first": 5, "search": ids.get("sku").split('-').next() }),
        ),
        case(Owner, "publishJob", |ids| json!({ "id": ids.get("publishJob") })),
    ]
}

fn orders() -> Vec<Case> {
    vec![
        case(Visitor, "cart", |ids| json!({ "token": ids.get("cart") })),
        case(Owner, "customers", |ids| json!({ "first": 5, "search": ids.get("customerEmail") })),
        case(Owner, "order", |ids| json!({ "id": ids.get("order") })),
        case(Owner, "order", |ids| json!({ "number": ids.get("orderNumber") })),
        case(Visitor, "order", |ids| json!({ "token": ids.get("orderToken") })),
        case(Owner, "orders", |_| json!({ "first": 5 })),
        case(Owner, "orders", |ids| json!({ "first": 5, "filter": { "customerId": ids.get("customer") } })),
        case(Owner, "orders", |ids| json!({ "first": 5, "filter": { "number": ids.get("orderNumber") } })),
        case(Owner, "payment", |ids| json!({ "id": ids.get("payment") })),
        case(Owner, "payments", |ids| json!({ "first": 5, "filter": { "orderId": ids.get("order") } })),
    ]
}

pub fn subscriptions() -> Vec<Case> {
    vec![
        case(Visitor, "cartUpdated", |ids| json!({ "token": ids.get("cart") })),
        case(Owner, "importJobUpdated", |ids| json!({ "id": ids.get("importJob") })),
        case(Owner, "publishJobUpdated", |ids| json!({ "id": ids.get("publishJob") })),
        case(Owner, "orderUpdated", |ids| json!({ "id": ids.get("order") })),
        case(Visitor, "orderUpdated", |ids| json!({ "token": ids.get("orderToken") })),
        case(Owner, "orderPlaced", |_| json!({})),
        case(Owner, "inventoryChanged", |_| json!({})),
    ]
}
