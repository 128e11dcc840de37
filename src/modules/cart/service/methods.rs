//! Shipping methods.

use async_graphql::{InputType as _, MaybeUndefined};

use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::Ctx;
use crate::framework::error::{ApiError, ErrorCode, Failure, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::ShippingMethodId;
use crate::framework::idempotency::{self, Claim};
use crate::framework::money::Currency;
use crate::framework::permission::Permission;
use crate::graphql::types::{MoneyInput, input_id};
use crate::modules::cart::graphql::inputs::{ShippingMethodCreateInput, ShippingMethodUpdateInput};
use crate::modules::cart::model::MethodRow;
use crate::modules::cart::store;

/// The methods that a cart of this currency can choose.
pub async fn offered_methods(ctx: &Ctx, currency: Currency) -> Result<Vec<MethodRow>, ApiError> {
    let reads = ctx.reads()?;
    Ok(store::methods(reads.tx().await?, currency.code()).await?)
}

/// All methods, for the team.
pub async fn team_methods(ctx: &Ctx) -> Result<Vec<MethodRow>, ApiError> {
    let reads = ctx.reads()?;
    Ok(store::all_methods(reads.tx().await?).await?)
}

/// Makes a method.
pub async fn method_create(ctx: &Ctx, input: ShippingMethodCreateInput) -> Outcome<MethodRow> {
    let grant = ctx.require(Permission::SettingsWrite)?;
    let mut refusals = Refusals::default();
    let price = checked(read_price(&input.price), &mut refusals).unwrap_or(0);
    checked(check_text(&input.name, 1, 200, "name"), &mut refusals);
    if let Some(description) = &input.description {
        checked(check_text(description, 0, 2_000, "description"), &mut refusals);
    }
    refusals.check()?;
    let row = MethodRow {
        id: ShippingMethodId::from_uuid(new_uuid()),
        name: input.name.trim().to_owned(),
        description: input.description.clone(),
        currency_code: Currency::from(input.price.currency_code).code().to_owned(),
        price,
        tax_class: input.tax_class.map(|class| class.as_str().to_owned()),
        active: input.active,
        position: input.position,
        version: 1,
    };
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let key = input.idempotency_key.as_deref();
        let scope = idempotency::scope(ctx, "");
        let claim = idempotency::claim(&tx, scope, "shippingMethodCreate", key, &input.to_value(), 7).await?;
        if let Claim::Replay(id) = claim {
            ctx.mark_replayed();
            return store::method(&tx, ShippingMethodId::from_uuid(id), false)
                .await?
                .ok_or_else(|| not_found(&["input"]));
        }
        if store::count_methods(&tx).await? >= store::MAX_METHODS {
            return Err(Refusal::new(ErrorCode::TooLong, "A vendor has at most 100 shipping methods.")
                .at(["input"])
                .into());
        }
        store::save_method(&tx, &row).await?;
        let after = summary(&row);
        let entry = Entry {
            action: "shippingMethod.create",
            entity_type: "ShippingMethod",
            entity_id: Some(row.id.uuid()),
            before: None,
            after: Some(&after),
        };
        audit::record(&tx, grant.who(), entry).await?;
        claim.finish(&tx, row.id.uuid()).await?;
        Ok(row)
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

/// Changes a method. Carts that chose it see the change at once; orders keep what they were placed with.
pub async fn method_update(ctx: &Ctx, input: ShippingMethodUpdateInput) -> Outcome<MethodRow> {
    let grant = ctx.require(Permission::SettingsWrite)?;
    let id: ShippingMethodId = input_id(&input.id, &["input", "id"])?;
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let before = store::method(&tx, id, true).await?.ok_or_else(|| not_found(&["input", "id"]))?;
        if input.expected_version.is_some_and(|expected| expected != before.version) {
            let details =
                RefusalDetails::VersionConflict { current_version: before.version, id: id.to_string() };
            return Err(Refusal::new(ErrorCode::VersionConflict, "The method has changed since.")
                .at(["input", "expectedVersion"])
                .with(details)
                .into());
        }
        let after = changed(&before, &input)?;
        store::save_method(&tx, &after).await?;
        let (old, new) = (summary(&before), summary(&after));
        let entry = Entry {
            action: "shippingMethod.update",
            entity_type: "ShippingMethod",
            entity_id: Some(id.uuid()),
            before: Some(&old),
            after: Some(&new),
        };
        audit::record(&tx, grant.who(), entry).await?;
        Ok(after)
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

fn changed(before: &MethodRow, input: &ShippingMethodUpdateInput) -> Outcome<MethodRow> {
    let mut row = before.clone();
    row.version = row.version.saturating_add(1);
    let mut refusals = Refusals::default();
    if let Some(name) = &input.name {
        checked(check_text(name, 1, 200, "name"), &mut refusals);
        row.name = name.trim().to_owned();
    }
    match &input.description {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => row.description = None,
        MaybeUndefined::Value(text) => {
            checked(check_text(text, 0, 2_000, "description"), &mut refusals);
            row.description = Some(text.clone());
        }
    }
    if let Some(price) = &input.price {
        let currency: Currency = price.currency_code.into();
        let price = if currency.code() == row.currency_code {
            read_price(price)
        } else {
            let text = "A method keeps its currency; make another one.";
            Err(Refusal::new(ErrorCode::CurrencyMismatch, text).at(["input", "price"]))
        };
        row.price = checked(price, &mut refusals).unwrap_or(row.price);
    }
    match input.tax_class {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => row.tax_class = None,
        MaybeUndefined::Value(class) => row.tax_class = Some(class.as_str().to_owned()),
    }
    row.active = input.active.unwrap_or(row.active);
    row.position = input.position.unwrap_or(row.position);
    refusals.check()?;
    Ok(row)
}

fn read_price(price: &MoneyInput) -> Result<i64, Refusal> {
    price.minor(price.currency_code.into()).map_err(|refusal| refusal.at(["input", "price"]))
}

fn check_text(text: &str, min: usize, max: usize, name: &str) -> Result<(), Refusal> {
    let length = text.trim().chars().count();
    if length > max {
        return Err(
            Refusal::new(ErrorCode::TooLong, format!("At most {max} characters.")).at(["input", name])
        );
    }
    if length < min {
        return Err(Refusal::new(ErrorCode::Required, "This must not be empty.").at(["input", name]));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(
            Refusal::new(ErrorCode::InvalidValue, "Control characters are not allowed.").at(["input", name])
        );
    }
    Ok(())
}

fn checked<T>(result: Result<T, Refusal>, refusals: &mut Refusals) -> Option<T> {
    result.map_err(|refusal| refusals.push(refusal)).ok()
}

fn not_found(path: &[&str]) -> Failure {
    Refusal::new(ErrorCode::ShippingMethodNotFound, "There is no such shipping method.").at(path).into()
}

fn summary(row: &MethodRow) -> serde_json::Value {
    serde_json::json!({
        "name": row.name, "price": row.price, "currencyCode": row.currency_code, "taxClass": row.tax_class,
        "active": row.active, "position": row.position,
    })
}
