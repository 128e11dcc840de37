//! Batched reads: one statement for each kind of thing, whatever the number of objects that ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};

use crate::framework::context::{ContextExt as _, Ctx, Snapshot};
use crate::framework::error::ApiError;
use crate::framework::id::{CategoryId, ProductId, VariantId};
use crate::framework::money::Currency;
use crate::modules::catalog::model::{
    CategoryRow, ImageRow, ProductDetail, ProductRow, ProductTranslation, VariantRow,
};
use crate::modules::catalog::service::read;

/// Turns errors of ours into GraphQL's, with the request's id.
pub(super) trait Extended<T> {
    fn extended(self, ctx: &Context<'_>) -> async_graphql::Result<T>;
}
impl<T, E: Into<ApiError>> Extended<T> for Result<T, E> {
    fn extended(self, ctx: &Context<'_>) -> async_graphql::Result<T> {
        self.map_err(|error| error.into().extend(ctx.ctx()))
    }
}

/// The vendor's language that suits the request best; empty where that is its default, whose texts are the plain columns.
pub(super) fn served_language(ctx: &Ctx) -> &str {
    let Ok(vendor) = ctx.vendor() else { return "" };
    for wanted in &ctx.meta().languages {
        let exact = vendor.languages.iter().find(|have| have.eq_ignore_ascii_case(wanted));
        let base = wanted.split('-').next().unwrap_or(wanted);
        let found = exact.or_else(|| vendor.languages.iter().find(|have| have.eq_ignore_ascii_case(base)));
        if let Some(found) = found {
            return if *found == vendor.default_language { "" } else { found };
        }
    }
    ""
}

/// What the loaders of a request need besides their snapshot.
#[derive(Clone)]
pub(super) struct View {
    snapshot: Arc<Snapshot>,
    language: String,
    currency: Currency,
    now: DateTime<Utc>,
}

macro_rules! loaders {
    ($($(#[$doc:meta])* $call:ident: $loader:ident $key:ident($id:ty) => $value:ty, |$tx:ident, $ids:ident, $view:ident| $body:block)*) => { $(
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        struct $key($id);
        struct $loader(View);
        impl Loader<$key> for $loader {
            type Value = $value;
            type Error = ApiError;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, ApiError> {
                let $ids: Vec<$id> = keys.iter().map(|key| key.0).collect();
                let $view = &self.0;
                let $tx = $view.snapshot.tx().await?;
                let found: HashMap<$id, $value> = $body;
                Ok(found.into_iter().map(|(id, value)| ($key(id), value)).collect())
            }
        }
        $(#[$doc])*
        pub(super) async fn $call(ctx: &Context<'_>, id: $id) -> async_graphql::Result<Option<$value>> {
            let vendor = ctx.ctx().vendor().extended(ctx)?;
            let loader = ctx.ctx().reads().extended(ctx)?.loader(|snapshot| $loader(View {
                snapshot,
                language: served_language(ctx.ctx()).to_owned(),
                currency: vendor.currency,
                now: ctx.ctx().now(),
            }));
            loader.load_one($key(id)).await.extended(ctx)
        }
    )* };
}

loaders! {
    /// A living product, whoever may see it.
    product_row: ProductLoader ProductKey(ProductId) => Arc<ProductRow>, |tx, ids, view| {
        read::products(tx, ids, &view.language).await?.into_iter().map(|row| (row.id, Arc::new(row))).collect()
    }
    /// The wide columns of a product.
    product_detail: DetailLoader DetailKey(ProductId) => Arc<ProductDetail>, |tx, ids, view| {
        read::product_details(tx, ids, &view.language).await?.into_iter().map(|row| (row.id, Arc::new(row))).collect()
    }
    /// A product in all its languages.
    product_translations: TranslationLoader TranslationKey(ProductId) => Arc<[ProductTranslation]>, |tx, ids, _view| {
        grouped(read::product_translations(tx, ids).await?, |row| row.product_id)
    }
    /// The living variants of a product, in their order.
    product_variants: VariantsLoader VariantsKey(ProductId) => Arc<[VariantRow]>, |tx, ids, view| {
        grouped(read::variants_of(tx, ids, view.currency.code(), view.now).await?, |row| row.product_id)
    }
    /// A living variant, whoever may see it.
    variant_row: VariantLoader VariantKey(VariantId) => Arc<[VariantRow]>, |tx, ids, view| {
        grouped(read::variants(tx, ids, view.currency.code(), view.now).await?, |row| row.id)
    }
    /// The pictures of a product, in their order.
    product_images: ImagesLoader ImagesKey(ProductId) => Arc<[ImageRow]>, |tx, ids, _view| {
        grouped(read::images_of(tx, ids).await?, |row| row.product_id)
    }
    /// The picture that stands for a variant.
    variant_image: VariantImageLoader VariantImageKey(VariantId) => Arc<[ImageRow]>, |tx, ids, _view| {
        let rows = read::variant_images(tx, ids).await?;
        rows.into_iter().map(|row| (row.variant_id, Arc::from([row.image()]))).collect()
    }
    /// The living categories of a product.
    product_categories: CategoriesLoader CategoriesKey(ProductId) => Arc<[Arc<CategoryRow>]>, |tx, ids, view| {
        let rows = read::categories_of(tx, ids, &view.language).await?;
        let pairs = rows.into_iter().map(|row| (row.product_id, Arc::new(row.category()))).collect::<Vec<_>>();
        let mut found: HashMap<ProductId, Vec<Arc<CategoryRow>>> = HashMap::new();
        for (product, category) in pairs {
            found.entry(product).or_default().push(category);
        }
        found.into_iter().map(|(product, categories)| (product, categories.into())).collect()
    }
    /// The names of a category in all languages: `(category, language, name)`.
    category_translations: NamesLoader NamesKey(CategoryId) => Arc<[(CategoryId, String, String)]>, |tx, ids, _view| {
        grouped(read::category_translations(tx, ids).await?, |row| row.0)
    }
    /// The vendor's whole tree of categories: however deep a document goes, it is read by one statement.
    tree_of: TreeLoader TreeKey(()) => Arc<Tree>, |tx, _ids, view| {
        HashMap::from([((), Arc::new(Tree::new(read::category_tree(tx, &view.language).await?)))])
    }
}

/// The vendor's whole tree.
pub(super) async fn tree(ctx: &Context<'_>) -> async_graphql::Result<Arc<Tree>> {
    Ok(tree_of(ctx, ()).await?.unwrap_or_default())
}

// Rows that come grouped or not, by the key that asked for them; the order within a group is kept.
fn grouped<K: Hash + Eq, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Arc<[T]>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups.into_iter().map(|(key, rows)| (key, rows.into())).collect()
}

/// A vendor's categories, by id and by parent.
#[derive(Default)]
pub(super) struct Tree {
    by_id: HashMap<CategoryId, Arc<CategoryRow>>,
    children: HashMap<Option<CategoryId>, Vec<Arc<CategoryRow>>>,
}

impl Tree {
    fn new(rows: Vec<CategoryRow>) -> Self {
        let mut tree = Self::default();
        for row in rows.into_iter().map(Arc::new) {
            tree.children.entry(row.parent_id).or_default().push(row.clone());
            tree.by_id.insert(row.id, row);
        }
        tree
    }
    /// One category.
    pub fn get(&self, id: CategoryId) -> Option<&Arc<CategoryRow>> {
        self.by_id.get(&id)
    }
    /// By its slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<CategoryRow>> {
        self.by_id.values().find(|row| row.slug == slug)
    }
    /// All categories, or the roots, by place and id.
    pub fn sorted(&self, roots: bool) -> Vec<Arc<CategoryRow>> {
        let mut rows: Vec<_> =
            self.by_id.values().filter(|row| !roots || row.parent_id.is_none()).cloned().collect();
        rows.sort_by_key(|row| (row.position, row.id));
        rows
    }
    /// The children of a category, or the roots, in their order.
    pub fn children(&self, parent: Option<CategoryId>) -> &[Arc<CategoryRow>] {
        self.children.get(&parent).map_or(&[], Vec::as_slice)
    }
    /// From the root to the parent.
    pub fn ancestors(&self, category: &CategoryRow) -> Vec<Arc<CategoryRow>> {
        let mut path = Vec::new();
        let mut parent = category.parent_id;
        while let Some(row) = parent.and_then(|id| self.by_id.get(&id)) {
            // A cycle cannot be stored; were there one, this would still end.
            if path.len() >= self.by_id.len() {
                break;
            }
            path.push(row.clone());
            parent = row.parent_id;
        }
        path.reverse();
        path
    }
}
