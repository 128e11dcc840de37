//! Platform admins, and the list of all people.

use crate::app::App;
use crate::framework::audit::{Entry, record_platform};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, PlatformGrant};
use crate::framework::error::{ApiError, Outcome};
use crate::framework::id::UserId;
use crate::framework::paging::{Page, PageArgs, Slice, SortColumns};
use crate::modules::identity::model::{MemberRow, UserRow};
use crate::modules::identity::rules::{check_email, check_password};
use crate::modules::identity::store::{sessions, team, users};

/// Creates a platform admin, or makes an existing person one with this password; for the command line. Refuses with
/// `INVALID_EMAIL` and `WEAK_PASSWORD`.
pub async fn admin_create(app: &App, email: &str, super_admin: bool, password: String) -> Outcome<()> {
    let email = check_email(email, &["email"])?;
    check_password(&password, &["password"])?;
    let hash = app.secrets.hash_password(password).await?;
    let role = if super_admin { "SUPER_ADMIN" } else { "ADMIN" };
    let grant = PlatformGrant::for_system("admin.create", app.clock.now());
    let tx = app.db.platform(&grant).await?;
    let id = match users::by_email(&tx, &email).await? {
        Some(user) => {
            users::set_admin(&tx, user.id, role, hash).await?;
            sessions::revoke_user_everywhere(&tx, user.id, app.clock.now()).await?;
            user.id
        }
        None => {
            let id = UserId::from_uuid(new_uuid());
            let user = users::NewUser {
                id,
                email: &email,
                name: None,
                password_hash: hash,
                must_change_password: false,
                admin_role: Some(role),
            };
            users::insert(&tx, &user).await?;
            id
        }
    };
    let after = serde_json::json!({ "adminRole": role });
    let entry = Entry {
        action: "admin.create",
        entity_type: "User",
        entity_id: Some(id.uuid()),
        before: None,
        after: Some(&after),
    };
    record_platform(&tx, None, grant.who(), entry).await?;
    tx.commit().await?;
    Ok(())
}

/// A page of all people, each with their memberships (platform admins). Two statements.
pub async fn list(
    ctx: &Ctx,
    search: Option<&str>,
    args: &PageArgs,
) -> Result<Slice<(UserRow, Vec<MemberRow>)>, ApiError> {
    let grant = ctx.require_admin("users")?;
    let sort = SortColumns { columns: &[("created_at", 'd'), ("id", 'u')], descending: true };
    let page = Page::new(args, sort, &format!("{search:?}"))?;
    let tx = ctx.app().db.platform(&grant).await?;
    let rows = users::page(&tx, search, &page).await?;
    let mut memberships = team::memberships(&tx, rows.iter().map(|row| row.id).collect()).await?;
    tx.commit().await?;
    let rows = rows
        .into_iter()
        .map(|row| {
            let own = memberships.extract_if(.., |member| member.user_id == row.id).collect();
            (row, own)
        })
        .collect();
    Ok(page.slice(rows, |(row, _): &(UserRow, Vec<MemberRow>)| vec![row.created_at.into(), row.id.into()]))
}

/// How many people there are (platform admins).
pub async fn count(ctx: &Ctx, search: Option<&str>) -> Result<i64, ApiError> {
    let tx = ctx.app().db.platform(&ctx.require_admin("users")?).await?;
    let count = users::count(&tx, search).await?;
    tx.commit().await?;
    Ok(count)
}

/// The asker as a person, and their memberships at all vendors; none for customers and nobody.
pub async fn own(ctx: &Ctx) -> Result<Option<(UserRow, Vec<MemberRow>)>, ApiError> {
    let user = match ctx.actor() {
        crate::framework::context::Actor::Team(member) => member.user,
        crate::framework::context::Actor::Admin(admin) => admin.user,
        _ => return Ok(None),
    };
    let tx = ctx.app().db.platform(&ctx.system("viewer")).await?;
    let row = users::get(&tx, user).await?;
    let memberships = team::memberships(&tx, vec![user]).await?;
    tx.commit().await?;
    Ok(row.map(|row| (row, memberships)))
}
