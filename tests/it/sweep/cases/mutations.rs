//! Mutations, in an order in which each succeeds after those before it. What deletes or ends something has its own.

use super::{Case, Who, case};
use crate::support::{PASSWORD, address, json};
use crate::sweep::world::ADMIN;

use Who::{Admin, Customer, Owner, Visitor};

pub fn mutations() -> Vec<Case> {
    let mut cases = catalog();
    cases.extend(inventory());
    cases.extend(imports());
    cases.extend(carts());
    cases.extend(orders());
    cases.extend(customers());
    cases.extend(team());
    cases.extend(platform());
    cases
}

fn catalog() -> Vec<Case> {
    vec![
        case(
            Owner,
            "categoryCreate",
            |ids| json!({ "input": { "name": "New", "parentId": ids.get("category"), "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "categoryUpdate",
            |ids| json!({ "input": { "id": ids.get("category"), "name": "Changed" } }),
        ),
        case(
            Owner,
            "categoryUpdate",
            |ids| json!({ "input": { "id": ids.get("spareCategory"), "parentId": ids.get("category") } }),
        ),
        case(
            Owner,
            "productCreate",
            |ids| json!({ "input": { "title": "New", "categoryIds": [ids.get("category")], "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "productUpdate",
            |ids| json!({ "input": { "id": ids.get("product"), "brand": "B", "categoryIds": [ids.get("category")] } }),
        ),
        case(
            Owner,
            "productCategoriesSet",
            |ids| json!({ "input": { "id": ids.get("product"), "categoryIds": [ids.get("category")] } }),
        ),
        case(
            Owner,
            "productImagesSet",
            |ids| json!({ "input": { "id": ids.get("product"), "images": [{ "id": ids.get("image"), "altText": "A" }] } }),
        ),
        case(
            Owner,
            "productStatusSet",
            |ids| json!({ "input": { "id": ids.get("draft"), "status": "ACTIVE" } }),
        ),
        case(Owner, "productVariantCreate", |ids| {
            json!({ "input": { "productId": ids.get("product"), "idempotencyKey": "k", "variant": {
                "imageId": ids.get("image"), "options": [{ "name": "Size", "value": "XL" }] } } })
        }),
        case(
            Owner,
            "productVariantUpdate",
            |ids| json!({ "input": { "id": ids.get("variant"), "variant": { "imageId": ids.get("image") } } }),
        ),
        case(Owner, "productVariantDelete", |ids| json!({ "input": { "id": ids.get("spareVariant") } })),
        case(Owner, "productDelete", |ids| json!({ "input": { "id": ids.get("spareProduct") } })),
        case(Owner, "categoryDelete", |ids| json!({ "input": { "id": ids.get("spareCategory") } })),
    ]
}

fn inventory() -> Vec<Case> {
    vec![
        case(Owner, "inventoryAdjust", |ids| {
            json!({ "input": { "variantId": ids.get("variant"), "locationId": ids.get("location"), "delta": 5,
                "reason": "RECEIVED", "idempotencyKey": "k" } })
        }),
        case(Owner, "inventorySet", |ids| {
            json!({ "input": { "variantId": ids.get("variant"), "locationId": ids.get("location"), "onHand": 500,
                "reason": "COUNT", "idempotencyKey": "k" } })
        }),
        case(Owner, "inventoryTransfer", |ids| {
            json!({ "input": { "variantId": ids.get("variant"), "fromLocationId": ids.get("location"),
                "toLocationId": ids.get("location2"), "quantity": 1, "idempotencyKey": "k" } })
        }),
        case(
            Owner,
            "inventoryLocationCreate",
            |_| json!({ "input": { "code": "NEW", "name": "New", "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "inventoryLocationUpdate",
            |ids| json!({ "input": { "id": ids.get("location2"), "name": "Changed" } }),
        ),
        case(
            Owner,
            "shippingMethodCreate",
            |_| json!({ "input": { "name": "New", "price": { "amount": "1.00", "currencyCode": "EUR" }, "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "shippingMethodUpdate",
            |ids| json!({ "input": { "id": ids.get("shippingMethod"), "description": "Changed" } }),
        ),
    ]
}

fn imports() -> Vec<Case> {
    vec![
        case(
            Owner,
            "importStart",
            |_| json!({ "input": { "url": "http://127.0.0.1:1/feed.tsv", "language": "en", "source": "new", "idempotencyKey": "k" } }),
        ),
        case(Owner, "importCancel", |ids| json!({ "input": { "id": ids.get("waitingImport") } })),
        case(
            Owner,
            "importRetry",
            |ids| json!({ "input": { "id": ids.get("waitingImport"), "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "marketplaceProductsPublish",
            |ids| json!({ "input": { "ids": [ids.get("staged")], "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "marketplaceProductsPublish",
            |ids| json!({ "input": { "importJobId": ids.get("importJob"), "idempotencyKey": "k2" } }),
        ),
        case(
            Owner,
            "marketplaceProductsPublish",
            |ids| json!({ "input": { "filter": { "jobId": ids.get("importJob") }, "idempotencyKey": "k3" } }),
        ),
    ]
}

fn carts() -> Vec<Case> {
    vec![
        case(
            Visitor,
            "cartCreate",
            |ids| json!({ "input": { "lines": [{ "variantId": ids.get("variant"), "quantity": 1 }], "idempotencyKey": "k" } }),
        ),
        case(Visitor, "cartLinesAdd", |ids| {
            json!({ "input": { "token": ids.get("cart"), "idempotencyKey": "k",
                "lines": [{ "variantId": ids.get("variant"), "quantity": 1 }] } })
        }),
        case(Visitor, "cartLinesUpdate", |ids| {
            json!({ "input": { "token": ids.get("cart"), "idempotencyKey": "k",
                "lines": [{ "id": ids.get("cartLine"), "quantity": 4 }] } })
        }),
        case(
            Visitor,
            "cartUpdate",
            |ids| json!({ "input": { "token": ids.get("cart"), "shippingMethodId": ids.get("shippingMethod") } }),
        ),
        case(
            Visitor,
            "cartLinesRemove",
            |ids| json!({ "input": { "token": ids.get("cart"), "lineIds": [ids.get("cartLine")] } }),
        ),
        case(Visitor, "cartClear", |ids| json!({ "input": { "token": ids.get("clearCart") } })),
        case(Visitor, "checkoutComplete", |ids| {
            json!({ "input": { "token": ids.get("checkoutCart"), "idempotencyKey": "sweep",
                "payment": { "gateway": "test", "data": { "outcome": "approve" } } } })
        }),
    ]
}

fn orders() -> Vec<Case> {
    vec![
        case(Visitor, "orderPay", |ids| {
            json!({ "input": { "token": ids.get("declinedToken"), "idempotencyKey": "sweep",
                "payment": { "gateway": "test", "data": { "outcome": "approve" } } } })
        }),
        case(
            Owner,
            "orderPaymentConfirm",
            |ids| json!({ "input": { "id": ids.get("pendingOrder"), "idempotencyKey": "sweep" } }),
        ),
        case(Owner, "orderShip", |ids| {
            json!({ "input": { "id": ids.get("order"), "idempotencyKey": "k", "locationId": ids.get("location"),
                "lines": [{ "orderLineId": ids.get("orderLine"), "quantity": 1 }] } })
        }),
        case(
            Owner,
            "orderDeliver",
            |ids| json!({ "input": { "id": ids.get("sentOrder"), "fulfilmentId": ids.get("fulfilment"), "idempotencyKey": "k" } }),
        ),
        case(
            Owner,
            "orderCancel",
            |ids| json!({ "input": { "id": ids.get("cancelOrder"), "reason": "OTHER", "idempotencyKey": "k" } }),
        ),
    ]
}

fn customers() -> Vec<Case> {
    vec![
        case(Customer, "addressCreate", |_| json!({ "input": { "address": address() } })),
        case(
            Customer,
            "addressUpdate",
            |ids| json!({ "input": { "id": ids.get("address"), "address": address() } }),
        ),
        case(
            Customer,
            "addressSetDefault",
            |ids| json!({ "input": { "id": ids.get("address"), "shipping": true } }),
        ),
        case(Customer, "addressDelete", |ids| json!({ "input": { "id": ids.get("spareAddress") } })),
        case(Customer, "customerUpdate", |_| json!({ "input": { "lastName": "Changed" } })),
        case(
            Visitor,
            "customerRegister",
            |ids| json!({ "input": { "email": "new@customer.test", "password": PASSWORD, "cartToken": ids.get("loginCart") } }),
        ),
        case(
            Visitor,
            "customerLogin",
            |ids| json!({ "input": { "email": ids.get("customerEmail"), "password": PASSWORD } }),
        ),
        case(
            Visitor,
            "sessionRefresh",
            |ids| json!({ "input": { "refreshToken": ids.get("refreshToken") } }),
        ),
        case(Customer, "sessionRevoke", |ids| json!({ "input": { "id": ids.get("session") } })),
        case(
            Customer,
            "passwordChange",
            |_| json!({ "input": { "currentPassword": PASSWORD, "newPassword": format!("{PASSWORD}, changed") } }),
        ),
    ]
}

fn team() -> Vec<Case> {
    vec![
        case(
            Owner,
            "teamInvite",
            |ids| json!({ "input": { "email": "new@member.test", "roleId": ids.get("role") } }),
        ),
        case(
            Visitor,
            "teamInvitationAccept",
            |ids| json!({ "input": { "token": ids.get("invitationToken"), "name": "New", "password": PASSWORD } }),
        ),
        case(
            Visitor,
            "teamLogin",
            |ids| json!({ "input": { "email": ids.get("memberEmail"), "password": PASSWORD } }),
        ),
        case(
            Owner,
            "teamMemberRoleSet",
            |ids| json!({ "input": { "id": ids.get("member"), "roleId": ids.get("editorRole") } }),
        ),
        case(Owner, "teamMemberRemove", |ids| json!({ "input": { "id": ids.get("spareMember") } })),
    ]
}

fn platform() -> Vec<Case> {
    vec![
        case(Visitor, "adminLogin", |_| json!({ "input": { "email": ADMIN, "password": PASSWORD } })),
        case(
            Visitor,
            "sessionChallengeAnswer",
            |ids| json!({ "input": { "id": ids.get("challenge"), "kind": "PASSWORD_CHANGE", "newPassword": format!("{PASSWORD}, new") } }),
        ),
        case(Admin, "vendorCreate", |_| {
            json!({ "input": { "name": "New", "code": "NEWONE", "subdomain": "newone", "ownerEmail": "new@owner.test",
                "idempotencyKey": "k" } })
        }),
        case(
            Admin,
            "vendorVerifiedSet",
            |ids| json!({ "input": { "id": ids.get("vendor"), "verified": false } }),
        ),
        case(
            Admin,
            "vendorActiveSet",
            |ids| json!({ "input": { "id": ids.get("vendor"), "active": false } }),
        ),
    ]
}
