//! One attribute for one rule: who may call a field.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Attribute, ImplItem, ItemImpl, parse_macro_input};

/// On an `#[Object]` or `#[Subscription]` block: turns each method's `#[permission(Access)]` into async-graphql's
/// guard, its `visible` function and the `@permission(name:)` directive that is printed into the schema, so that none
/// of the three can be forgotten. `Access` is a variant of `orion::framework::permission::Access` by its constant's
/// name: `PUBLIC`, `CUSTOMER`, `PRODUCTS_WRITE`, `ADMIN` …
///
/// Inside `#[secured(required)]` (the roots) a method without `#[permission]` does not compile.
#[proc_macro_attribute]
pub fn secured(args: TokenStream, input: TokenStream) -> TokenStream {
    let required = args.to_string() == "required";
    let mut block = parse_macro_input!(input as ItemImpl);
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let mut access = None;
        let mut kept: Vec<Attribute> = Vec::new();
        for attribute in std::mem::take(&mut method.attrs) {
            if attribute.path().is_ident("permission") {
                match attribute.parse_args::<syn::Ident>() {
                    Ok(name) => access = Some(name),
                    Err(error) => return error.to_compile_error().into(),
                }
            } else {
                kept.push(attribute);
            }
        }
        if let Some(name) = access {
            let visible =
                format!("crate::framework::permission::visible::{}", name.to_string().to_lowercase());
            let visible: syn::Path = match syn::parse_str(&visible) {
                Ok(path) => path,
                Err(error) => return error.to_compile_error().into(),
            };
            let visible = quote!(#visible).to_string();
            let text = name.to_string();
            let guard =
                format!("crate::framework::permission::Needs(crate::framework::permission::Access::{name})");
            kept.push(syn::parse_quote! {
                #[graphql(guard = #guard, visible = #visible, directive = crate::graphql::directives::permission::apply(#text.to_owned()))]
            });
        } else if required && matches!(method.vis, syn::Visibility::Inherited) {
            return syn::Error::new_spanned(
                &method.sig.ident,
                "a root field names its permission: #[permission(…)]",
            )
            .to_compile_error()
            .into();
        }
        method.attrs = kept;
    }
    quote!(#block).into()
}
