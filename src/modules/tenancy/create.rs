//! Creating a vendor: the vendor, its roles and owner, and what it begins with, in one platform transaction.

use std::sync::Arc;

use async_graphql::Value;
use serde_json::json;

use crate::framework::audit::Entry;
use crate::framework::clock::{new_uuid, random_bytes};
use crate::framework::context::{Ctx, VendorContext};
use crate::framework::db::DbError;
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal, Refusals};
use crate::framework::id::VendorId;
use crate::framework::idempotency;
use crate::framework::money::Currency;
use crate::modules::identity::model::MemberRow;
use crate::modules::identity::rules::{check_email, check_text};
use crate::modules::identity::service::{invitation, team};

use super::rules::{is_code, is_label, is_reserved};
use super::store::{self, NewVendor};

/// A vendor to create, as it was asked for.
pub struct Wanted {
    pub name: String,
    pub code: String,
    pub subdomain: String,
    pub owner_email: String,
    pub owner_name: Option<String>,
    pub currency: Currency,
    pub country: String,
    pub prices_include_tax: bool,
    pub default_language: String,
    pub time_zone: String,
    pub key: Option<String>,
    /// The whole input, for its hash.
    pub input: Value,
}

/// A vendor that was created.
pub struct Created {
    pub vendor: Arc<VendorContext>,
    pub owner: Option<MemberRow>,
    /// For the owner's first log-in; `None` for a person who has a password already, and in a repeat.
    pub temporary_password: Option<String>,
}

/// Creates a vendor (platform admins): unverified, with the four preset roles, an owner, a price list, a location, a
/// shipping method and order numbers. `HANDLE_TAKEN` with the field for a code or subdomain that somebody has or had.
pub async fn create(ctx: &Ctx, wanted: Wanted) -> Outcome<Created> {
    let grant = ctx.require_admin("vendorCreate")?;
    let (vendor, email, owner_name) = check(&wanted)?;
    let password = temporary_password();
    // Hashed before the transaction, which would hold its locks meanwhile.
    let hash = ctx.app().secrets.hash_password(password.clone()).await?;
    let tx = ctx.app().db.platform(&grant).await?;
    let scope = idempotency::scope(ctx, "");
    let key = wanted.key.as_deref();
    let first =
        idempotency::claim_platform(&tx, scope, "vendorCreate", key, &wanted.input, vendor.id.uuid()).await?;
    if let Some(first) = first {
        let id = VendorId::from_uuid(first);
        let row = store::get(&tx, id).await?.ok_or_else(|| DbError::Internal("the vendor is gone".into()))?;
        let owner = team::owner_of(&tx, id).await?;
        tx.commit().await?;
        ctx.mark_replayed();
        return Ok(Created { vendor: row.into_context()?, owner, temporary_password: None });
    }
    store::provision(&tx, &vendor).await.map_err(taken)?;
    let (_, created) = invitation::create_owner(&tx, vendor.id, &email, owner_name.as_deref(), hash).await?;
    let after = json!({ "code": vendor.code, "subdomain": vendor.subdomain });
    let entry = Entry {
        action: "vendor.create",
        entity_type: "Vendor",
        entity_id: Some(vendor.id.uuid()),
        before: None,
        after: Some(&after),
    };
    super::service::record(&tx, &grant, vendor.id, entry, "VENDOR_CREATED").await?;
    let row = store::get(&tx, vendor.id).await?.ok_or_else(|| DbError::Internal("no vendor".into()))?;
    let owner = team::owner_of(&tx, vendor.id).await?;
    tx.commit().await?;
    // Its names may be remembered as nobody's.
    super::service::changed(ctx, vendor.id).await;
    Ok(Created { vendor: row.into_context()?, owner, temporary_password: created.then_some(password) })
}

fn check(wanted: &Wanted) -> Outcome<(NewVendor, String, Option<String>)> {
    let mut refusals = Refusals::default();
    let name = match check_text(Some(wanted.name.clone()), 200, &["input", "name"]) {
        Ok(Some(name)) => name,
        Ok(None) => {
            refusals.push(Refusal::new(ErrorCode::Required, "A vendor has a name.").at(["input", "name"]));
            String::new()
        }
        Err(refusal) => {
            refusals.push(refusal);
            String::new()
        }
    };
    let code = wanted.code.trim().to_ascii_uppercase();
    if !is_code(&code) {
        let message = "A code has 2 to 32 letters, digits, - and _, and begins with a letter or digit.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "code"]));
    }
    let subdomain = wanted.subdomain.trim().to_ascii_lowercase();
    if !is_label(&subdomain) {
        let message = "A subdomain has 1 to 63 letters, digits and -, and - neither first nor last.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "subdomain"]));
    } else if is_reserved(&subdomain) {
        let message = "The platform keeps this subdomain for itself.";
        refusals.push(Refusal::new(ErrorCode::HandleTaken, message).at(["input", "subdomain"]));
    }
    let email = check_email(&wanted.owner_email, &["input", "ownerEmail"])
        .map_err(|refusal| refusals.push(refusal))
        .unwrap_or_default();
    let owner_name = check_text(wanted.owner_name.clone(), 200, &["input", "ownerName"])
        .map_err(|refusal| refusals.push(refusal))
        .unwrap_or_default();
    refusals.check()?;
    let vendor = NewVendor {
        id: VendorId::from_uuid(new_uuid()),
        code,
        name,
        subdomain,
        currency: wanted.currency,
        country: wanted.country.clone(),
        prices_include_tax: wanted.prices_include_tax,
        default_language: wanted.default_language.clone(),
        time_zone: wanted.time_zone.clone(),
    };
    Ok((vendor, email, owner_name))
}

fn taken(error: DbError) -> Failure {
    let refusal = |field: &'static str, message: &'static str| {
        Refusal::new(ErrorCode::HandleTaken, message).at(["input", field]).into()
    };
    match error.constraint() {
        Some("vendors_code_key") => refusal("code", "Another vendor has, or had, this code."),
        Some("vendors_subdomain_key") => refusal("subdomain", "Another vendor has, or had, this subdomain."),
        _ => error.into(),
    }
}

// 96 random bits, in groups that can be read out.
fn temporary_password() -> String {
    let digits = hex::encode(random_bytes::<12>());
    digits.as_bytes().chunks(6).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::identity::rules::check_password;

    fn wanted(code: &str, subdomain: &str, email: &str) -> Wanted {
        Wanted {
            name: "Acme".to_owned(),
            code: code.to_owned(),
            subdomain: subdomain.to_owned(),
            owner_email: email.to_owned(),
            owner_name: None,
            currency: "EUR".parse().unwrap(),
            country: "LU".to_owned(),
            prices_include_tax: true,
            default_language: "en".to_owned(),
            time_zone: "Europe/Luxembourg".to_owned(),
            key: None,
            input: Value::Null,
        }
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let Err(Failure::Refused(refusals)) = check(&wanted("a b", "-x", "nobody")) else { panic!() };
        let fields: Vec<_> = refusals.iter().map(|refusal| refusal.field[1].as_str()).collect();
        assert_eq!(fields, ["code", "subdomain", "ownerEmail"]);
        let Err(Failure::Refused(refusals)) = check(&wanted("ACME", "Admin", "a@b.lu")) else { panic!() };
        assert_eq!(refusals[0].code, ErrorCode::HandleTaken);
        let (vendor, email, _) = check(&wanted("acme", "ACME", " a@b.lu ")).unwrap();
        assert_eq!(
            (vendor.code.as_str(), vendor.subdomain.as_str(), email.as_str()),
            ("ACME", "acme", "a@b.lu")
        );
    }

    #[test]
    fn temporary_passwords_are_good_ones() {
        let (one, other) = (temporary_password(), temporary_password());
        assert!(one != other && one.len() == 27 && check_password(&one, &[]).is_ok());
    }
}
