//! Reading, in batches. There is nothing to decide but who may see what, which the objects do: these are the store's own.

pub(in crate::modules::catalog) use crate::modules::catalog::store::{
    Condition, Listing, ProductHandle, SortBy, categories_of, category_translations, category_tree,
    images_of, product_by, product_details, product_translations, products, variant_images, variants,
    variants_of,
};
