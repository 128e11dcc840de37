-- What every table, view and column means. A comment that begins with `personal: ` marks personal data: what names or
-- reaches a person, where they were, their credentials, and what people type about one another.
-- Money is in minor units of the row's currency, rates and markups are in basis points, instants are UTC.

-- Columns that mean the same in every table; what differs is said again below.
DO $$
DECLARE
    col record;
BEGIN
    FOR col IN
        SELECT c.relname, a.attname, m.meaning
        FROM (VALUES
            ('vendor_id', 'The vendor whose row it is; row security compares it with the vendor of the transaction.'),
            ('id', 'UUIDv7 made by the application, so that ids increase with time.'),
            ('created_at', 'When the row was made.'),
            ('updated_at', 'When the row last changed.'),
            ('deleted_at', 'When it was deleted; null while it lives. Unique handles are unique among the living.'),
            ('version', 'Goes up with every change; expectedVersion of an update is compared with it.'),
            ('currency_code', 'ISO 4217 code of the amounts in the row.'),
            ('customer_id', 'The customer; null for a guest, or when the customer was removed.'),
            ('order_id', 'The order.'),
            ('order_line_id', 'The line of the order.'),
            ('product_id', 'The product.'),
            ('variant_id', 'The variant: what is sold.'),
            ('created_by', 'Id of the customer or user who started it; null when the system did.'),
            ('actor_kind', 'Who did it: ANONYMOUS, CUSTOMER, TEAM_MEMBER, ADMIN, JOB or SYSTEM.'),
            ('actor_id', 'Id of the customer or user who did it; null for nobody in particular.'),
            ('occurred_at', 'When it was done, by the clock of the application.'),
            ('entity_type', 'GraphQL type of the object it was done to.'),
            ('before', 'personal: what changed, before; secrets and personal values are left out until they can be ciphertext under person_keys.'),
            ('after', 'personal: what changed, after; secrets and personal values are left out until they can be ciphertext under person_keys.'),
            ('request_id', 'Id of the request, as in logs and in the answer.'),
            ('ip', 'personal: address of the client, as the trusted proxies report it.'),
            ('user_agent', 'personal: what the client calls itself, so that people recognise their sessions.'),
            ('xid', 'The transaction that wrote the row: those below the oldest running one are final.'),
            ('family_hash', 'SHA-256 of the part of the refresh token that stays over rotations; finds the session of any of its tokens.'),
            ('refresh_hash', 'SHA-256 of the current refresh token.'),
            ('previous_hash', 'SHA-256 of the refresh token before, tolerated for seconds after a rotation; later its use ends the session.'),
            ('rotated_at', 'When the refresh token was last exchanged.'),
            ('last_seen_at', 'When the session was last used.'),
            ('scope', 'Whose key it is: actor kind and id, or ANONYMOUS and the cart or order whose token is held.'),
            ('operation', 'The mutation.'),
            ('input_hash', 'SHA-256 of the input without its key: the same key with another input is refused.'),
            ('result_id', 'What it made; a repeat answers this object as it is now. Answers themselves are never stored.')
        ) AS m (name, meaning)
        JOIN pg_attribute a ON a.attname = m.name AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm')
        WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = current_user::regrole
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', col.relname, col.attname, col.meaning);
    END LOOP;
END $$;

COMMENT ON TABLE vendors IS 'Tenants: each is a shop of its own, with its own data, settings and prices.';
COMMENT ON COLUMN vendors.code IS 'Public handle in the header X-Vendor; never given to another vendor.';
COMMENT ON COLUMN vendors.name IS 'Name that shoppers see.';
COMMENT ON COLUMN vendors.subdomain IS 'Label below the platform''s domain; never given to another vendor.';
COMMENT ON COLUMN vendors.verified IS 'Whether the platform has checked who is behind it.';
COMMENT ON COLUMN vendors.active IS 'Whether its shop is open; the platform may close it.';
COMMENT ON COLUMN vendors.currency_code IS 'Base currency (ISO 4217); fixed from the first order on (facts H).';
COMMENT ON COLUMN vendors.prices_include_tax IS 'Whether its prices are gross; fixed from the first order on (facts H).';
COMMENT ON COLUMN vendors.country_code IS 'ISO 3166-1 alpha-2 country of the business: where tax is due in mode VENDOR_COUNTRY.';
COMMENT ON COLUMN vendors.default_language IS 'Language of the plain text columns (BCP 47).';
COMMENT ON COLUMN vendors.languages IS 'Languages it serves, the default among them (BCP 47).';
COMMENT ON COLUMN vendors.time_zone IS 'IANA time zone that business dates are computed in.';
COMMENT ON COLUMN vendors.guest_checkout IS 'Whether one can order without an account.';
COMMENT ON COLUMN vendors.shown_quantity_cap IS 'Highest available quantity that shoppers are told; null tells them none.';
COMMENT ON COLUMN vendors.ships_to IS 'ISO 3166-1 alpha-2 countries it ships to; empty is everywhere.';
COMMENT ON COLUMN vendors.contact_email IS 'personal: address that shoppers may write to; of a sole trader it is a person''s.';
COMMENT ON COLUMN vendors.description IS 'What the shop is, in its own words.';
COMMENT ON COLUMN vendors.legal IS 'personal: imprint (name, address, registration and VAT number, e-mail, phone); of a sole trader it is a person''s.';
COMMENT ON COLUMN vendors.theme IS 'Design tokens that differ from the default theme.';
COMMENT ON COLUMN vendors.clients IS 'Its clients: allowed origins, shop and team addresses, templates of links in mails and payments.';
COMMENT ON COLUMN vendors.order_prefix IS 'What order numbers begin with.';
COMMENT ON COLUMN vendors.online_payment_minutes IS 'How long an order waits for an online payment before it expires.';
COMMENT ON COLUMN vendors.manual_payment_minutes IS 'How long an order waits for a payment by hand, a transfer, before it expires.';
COMMENT ON COLUMN vendors.rounding_mode IS 'How tax is rounded (facts H); frozen on orders.';
COMMENT ON COLUMN vendors.tax_mode IS 'Which country''s tax applies (facts H); frozen on orders.';

COMMENT ON TABLE outbox_events IS 'Events, written in the transaction of their cause; the relay numbers and publishes them, and removes them after 30 days.';
COMMENT ON COLUMN outbox_events.kind IS 'The event type, an open enumeration: ORDER_PLACED …';
COMMENT ON COLUMN outbox_events.entity_id IS 'Id of the object it happened to.';
COMMENT ON COLUMN outbox_events.data IS 'Ids only, never personal data (facts J).';
COMMENT ON COLUMN outbox_events.sequence IS 'Number within the vendor, given by the relay after the commit; null until then.';

COMMENT ON TABLE event_counters IS 'The last event number of each vendor; only the relay writes it.';
COMMENT ON COLUMN event_counters.last IS 'The number given last; the next event takes the one after it.';

COMMENT ON TABLE audit_events IS 'Who did what to a vendor''s data: one row a mutation, inserted in its transaction and never changed or deleted.';
COMMENT ON COLUMN audit_events.action IS 'The mutation or job step: order.ship …';
COMMENT ON COLUMN audit_events.entity_id IS 'Id of the object it was done to.';

COMMENT ON TABLE platform_audit_events IS 'Who did what to the platform, for no vendor in particular; inserted and never changed or deleted.';
COMMENT ON COLUMN platform_audit_events.action IS 'The mutation or job step: vendor.create …';
COMMENT ON COLUMN platform_audit_events.entity_id IS 'Id of the object it was done to.';

COMMENT ON TABLE idempotency_keys IS 'Keys of mutations that must take effect once; written first, in the transaction of the effect.';
COMMENT ON COLUMN idempotency_keys.key IS 'What the client sent as idempotencyKey.';
COMMENT ON COLUMN idempotency_keys.state IS 'DONE: the row is only seen once its transaction has committed.';
COMMENT ON COLUMN idempotency_keys.expires_at IS 'Until when a repeat is recognised: 7 days, of payments 90.';

COMMENT ON TABLE platform_idempotency_keys IS 'As idempotency_keys, for mutations of the platform.';
COMMENT ON COLUMN platform_idempotency_keys.key IS 'What the client sent as idempotencyKey.';
COMMENT ON COLUMN platform_idempotency_keys.expires_at IS 'Until when a repeat is recognised.';

COMMENT ON TABLE person_keys IS 'A key per person for personal values in rows that must not change; erasing a person destroys it (facts J).';
COMMENT ON COLUMN person_keys.person_id IS 'The customer or user.';
COMMENT ON COLUMN person_keys.key IS 'The key; null once it is destroyed.';
COMMENT ON COLUMN person_keys.destroyed_at IS 'When it was destroyed, and the values under it became unreadable.';

COMMENT ON TABLE vendor_domains IS 'Vendors'' own domains; one is never given to another vendor.';
COMMENT ON COLUMN vendor_domains.domain IS 'The host name, lower case.';
COMMENT ON COLUMN vendor_domains.primary_domain IS 'Whether links use it; at most one of a vendor''s does.';
COMMENT ON COLUMN vendor_domains.proof_token_hash IS 'SHA-256 of the token that the domain''s DNS must show as proof.';
COMMENT ON COLUMN vendor_domains.verified_at IS 'When the proof was found; requests are answered on verified domains only.';

COMMENT ON TABLE users IS 'Platform admins and team members; one account, whatever the vendors it works for.';
COMMENT ON COLUMN users.email IS 'personal: e-mail address to log in with; unique among the living, whatever the case.';
COMMENT ON COLUMN users.name IS 'personal: name, as they wrote it.';
COMMENT ON COLUMN users.password_hash IS 'personal: Argon2id hash of the password; null until one is chosen.';
COMMENT ON COLUMN users.must_change_password IS 'Whether a log-in leads only to choosing a new password.';
COMMENT ON COLUMN users.active IS 'Whether they can log in.';
COMMENT ON COLUMN users.admin_role IS 'ADMIN or SUPER_ADMIN of the platform; null for people who are only in teams.';
COMMENT ON COLUMN users.language IS 'Language of their mails (BCP 47); null takes the vendor''s.';
COMMENT ON COLUMN users.last_login_at IS 'When they last logged in.';

COMMENT ON TABLE user_sessions IS 'Log-ins of users.';
COMMENT ON COLUMN user_sessions.user_id IS 'Who logged in.';
COMMENT ON COLUMN user_sessions.vendor_id IS 'The vendor whose team they act in; null acts for the platform.';
COMMENT ON COLUMN user_sessions.expires_at IS 'When the session ends, whatever its use.';
COMMENT ON COLUMN user_sessions.revoked_at IS 'When it was ended: by log-out, by the team, or because a used refresh token came again.';

COMMENT ON TABLE login_challenges IS 'Log-ins that need a further step before there is a session.';
COMMENT ON COLUMN login_challenges.user_id IS 'Who logs in.';
COMMENT ON COLUMN login_challenges.vendor_id IS 'The vendor whose team they log in to; null for the platform.';
COMMENT ON COLUMN login_challenges.secret_hash IS 'SHA-256 of the secret that the client answers with.';
COMMENT ON COLUMN login_challenges.kinds IS 'What answers it: PASSWORD_CHANGE …';
COMMENT ON COLUMN login_challenges.attempts IS 'How many wrong answers there were.';
COMMENT ON COLUMN login_challenges.expires_at IS 'Until when it can be answered.';
COMMENT ON COLUMN login_challenges.used_at IS 'When it was answered; it counts once.';

COMMENT ON TABLE roles IS 'Sets of permissions in a vendor''s team.';
COMMENT ON COLUMN roles.name IS 'Name, unique within the vendor whatever the case.';
COMMENT ON COLUMN roles.preset IS 'OWNER, MANAGER, EDITOR or VIEWER, whose permissions are fixed in the code; null for a vendor''s own role.';
COMMENT ON COLUMN roles.permissions IS 'Names of the permissions; unknown ones grant nothing.';

COMMENT ON TABLE team_members IS 'Which users work for a vendor, in which role.';
COMMENT ON COLUMN team_members.user_id IS 'The account.';
COMMENT ON COLUMN team_members.role_id IS 'What they may do.';
COMMENT ON COLUMN team_members.email IS 'personal: the account''s e-mail address, copied because a vendor cannot read users.';
COMMENT ON COLUMN team_members.name IS 'personal: the account''s name, copied because a vendor cannot read users.';
COMMENT ON COLUMN team_members.active IS 'Whether they can act for the vendor.';

COMMENT ON TABLE team_invitations IS 'Invitations into a vendor''s team.';
COMMENT ON COLUMN team_invitations.email IS 'personal: e-mail address of the invited person.';
COMMENT ON COLUMN team_invitations.role_id IS 'The role they will have.';
COMMENT ON COLUMN team_invitations.token_hash IS 'SHA-256 of the token in the mail.';
COMMENT ON COLUMN team_invitations.invited_by IS 'The user who invites.';
COMMENT ON COLUMN team_invitations.expires_at IS 'Until when it can be accepted.';
COMMENT ON COLUMN team_invitations.accepted_at IS 'When it was accepted.';
COMMENT ON COLUMN team_invitations.revoked_at IS 'When it was taken back.';

COMMENT ON TABLE customers IS 'Customers of one vendor, with an account or as guests; the same person at two vendors is two customers.';
COMMENT ON COLUMN customers.email IS 'personal: e-mail address; unique among a vendor''s registered, living customers, whatever the case. Null once erased.';
COMMENT ON COLUMN customers.registered IS 'Whether there is an account; false is a guest.';
COMMENT ON COLUMN customers.password_hash IS 'personal: Argon2id hash of the password; null without an account.';
COMMENT ON COLUMN customers.first_name IS 'personal: first name.';
COMMENT ON COLUMN customers.last_name IS 'personal: last name.';
COMMENT ON COLUMN customers.phone IS 'personal: phone number.';
COMMENT ON COLUMN customers.language IS 'Language of their mails (BCP 47); null takes the vendor''s.';
COMMENT ON COLUMN customers.active IS 'Whether they can log in and order.';
COMMENT ON COLUMN customers.email_verified_at IS 'When the address was proved to be theirs.';
COMMENT ON COLUMN customers.last_login_at IS 'When they last logged in.';
COMMENT ON COLUMN customers.erased_at IS 'When their personal data was erased on request (GDPR, article 17).';

COMMENT ON TABLE customer_addresses IS 'A customer''s address book.';
COMMENT ON COLUMN customer_addresses.customer_id IS 'Whose address it is.';
COMMENT ON COLUMN customer_addresses.address IS 'personal: names, street, postal code, city, country, phone, company.';
COMMENT ON COLUMN customer_addresses.default_shipping IS 'Whether parcels go there unless said otherwise; at most one of a customer''s.';
COMMENT ON COLUMN customer_addresses.default_billing IS 'Whether invoices go there unless said otherwise; at most one of a customer''s.';

COMMENT ON TABLE customer_sessions IS 'Log-ins of customers.';
COMMENT ON COLUMN customer_sessions.customer_id IS 'Who logged in.';
COMMENT ON COLUMN customer_sessions.expires_at IS 'When the session ends, whatever its use.';
COMMENT ON COLUMN customer_sessions.revoked_at IS 'When it was ended: by log-out, by the team, or because a used refresh token came again.';

COMMENT ON TABLE tax_rates IS 'Rates by country, class and date: data that an adviser confirms, not code (facts H).';
COMMENT ON COLUMN tax_rates.country_code IS 'ISO 3166-1 alpha-2 country.';
COMMENT ON COLUMN tax_rates.tax_class IS 'STANDARD, INTERMEDIATE, REDUCED, SUPER_REDUCED, ZERO or EXEMPT.';
COMMENT ON COLUMN tax_rates.valid_from IS 'First business date of the rate.';
COMMENT ON COLUMN tax_rates.valid_to IS 'Last business date of the rate; null has no end.';
COMMENT ON COLUMN tax_rates.rate_bp IS 'The rate, in basis points: 1700 is 17 %.';

COMMENT ON TABLE price_lists IS 'A vendor''s price lists; every vendor has `base`.';
COMMENT ON COLUMN price_lists.code IS 'Handle within the vendor.';
COMMENT ON COLUMN price_lists.name IS 'Name for the team.';
COMMENT ON COLUMN price_lists.currency_code IS 'ISO 4217 currency of the list; a list in another currency holds explicit prices.';

COMMENT ON TABLE products IS 'What is presented together; what is sold are its variants.';
COMMENT ON COLUMN products.title IS 'Title in the vendor''s default language.';
COMMENT ON COLUMN products.slug IS 'Handle in addresses, unique among a vendor''s living products.';
COMMENT ON COLUMN products.description IS 'Description in the vendor''s default language.';
COMMENT ON COLUMN products.brand IS 'The maker''s brand.';
COMMENT ON COLUMN products.status IS 'DRAFT, ACTIVE or ARCHIVED; shoppers see ACTIVE ones.';
COMMENT ON COLUMN products.featured IS 'Whether the shop puts it forward.';
COMMENT ON COLUMN products.external_id IS 'Its id in the feed or system it came from, unique among a vendor''s living products.';
COMMENT ON COLUMN products.source IS 'Where it came from: format and source of the feed; null when a person made it.';
COMMENT ON COLUMN products.price_from IS 'Lowest base price of its living variants now, minor units of the vendor''s currency; null without one.';
COMMENT ON COLUMN products.price_to IS 'Highest base price of its living variants now, minor units of the vendor''s currency; null without one.';
COMMENT ON COLUMN products.sort_price IS 'price_from, with products without a price last.';
COMMENT ON COLUMN products.sort_title IS 'The title in lower case, for sorting.';
COMMENT ON COLUMN products.search_text IS 'What search sees (title, brand, SKUs, categories, translations …), folded: no accents, lower case.';
COMMENT ON COLUMN products.search_document IS 'search_text as words.';
COMMENT ON COLUMN products.public_metadata IS 'The vendor''s own data that everyone may read; at most 32 KiB.';
COMMENT ON COLUMN products.metadata IS 'The vendor''s own data that the team may read; at most 32 KiB.';
COMMENT ON COLUMN products.provenance IS 'By field: its owner (HUMAN or IMPORT), and for IMPORT source, run and row; imports change only fields of theirs (facts I).';
COMMENT ON COLUMN products.published_at IS 'When it first became ACTIVE.';

COMMENT ON TABLE product_translations IS 'Texts of products in the vendor''s other languages.';
COMMENT ON COLUMN product_translations.language IS 'BCP 47 language.';
COMMENT ON COLUMN product_translations.title IS 'Title; null falls back to the default language.';
COMMENT ON COLUMN product_translations.slug IS 'Handle in addresses of the language, unique among a vendor''s living products; null falls back.';
COMMENT ON COLUMN product_translations.description IS 'Description; null falls back to the default language.';
COMMENT ON COLUMN product_translations.deleted_at IS 'When the product was deleted, copied so that the slug becomes free.';

COMMENT ON TABLE product_images IS 'Pictures of products: an address elsewhere, or a file in the vendor''s storage.';
COMMENT ON COLUMN product_images.position IS 'Place within the product, from 0.';
COMMENT ON COLUMN product_images.url IS 'Address of the picture; null when it is stored here.';
COMMENT ON COLUMN product_images.storage_key IS 'Key of the stored file; null when it is elsewhere.';
COMMENT ON COLUMN product_images.alt_text IS 'What it shows, for those who do not see it.';
COMMENT ON COLUMN product_images.width IS 'Pixels; null when unknown.';
COMMENT ON COLUMN product_images.height IS 'Pixels; null when unknown.';

COMMENT ON TABLE product_variants IS 'What is sold: a product in one choice of its options.';
COMMENT ON COLUMN product_variants.position IS 'Place within the product, from 0.';
COMMENT ON COLUMN product_variants.title IS 'Title in the vendor''s default language.';
COMMENT ON COLUMN product_variants.sku IS 'The vendor''s article number, unique among the living.';
COMMENT ON COLUMN product_variants.gtin IS 'Global Trade Item Number (EAN, UPC).';
COMMENT ON COLUMN product_variants.external_id IS 'Its id in the feed or system it came from, unique among the living.';
COMMENT ON COLUMN product_variants.kind IS 'PHYSICAL, DIGITAL, SERVICE or SUBSCRIPTION.';
COMMENT ON COLUMN product_variants.tax_class IS 'Class that tax_rates has a rate for, by country and date.';
COMMENT ON COLUMN product_variants.options IS 'Its choice: [{name, value}], in the order shown.';
COMMENT ON COLUMN product_variants.options_key IS 'The choice whatever its order and case: two living variants of a product may not share it.';
COMMENT ON COLUMN product_variants.requires_shipping IS 'Whether it goes into a parcel.';
COMMENT ON COLUMN product_variants.unlimited IS 'Whether inventory is not counted.';
COMMENT ON COLUMN product_variants.policy IS 'Whether more may be sold than is on hand: DENY, BACKORDER or PREORDER.';
COMMENT ON COLUMN product_variants.policy_limit IS 'How many more; inventory_items.overdraft follows it.';
COMMENT ON COLUMN product_variants.available_from IS 'From when it can be delivered, for PREORDER.';
COMMENT ON COLUMN product_variants.min_quantity IS 'Fewest that can be ordered.';
COMMENT ON COLUMN product_variants.max_quantity IS 'Most that can be ordered at once; null has no limit of its own.';
COMMENT ON COLUMN product_variants.quantity_step IS 'Ordered quantities are multiples of it.';
COMMENT ON COLUMN product_variants.weight_grams IS 'Weight in grams, packed.';
COMMENT ON COLUMN product_variants.image_id IS 'The picture that shows it; null takes the product''s.';
COMMENT ON COLUMN product_variants.cost IS 'What the vendor paid for one, minor units of its currency; for the team only.';
COMMENT ON COLUMN product_variants.markup_bp IS 'Price rule in basis points, applied to each new feed price (facts I).';
COMMENT ON COLUMN product_variants.provenance IS 'By field: its owner (HUMAN or IMPORT), and for IMPORT source, run and row; imports change only fields of theirs (facts I).';

COMMENT ON TABLE variant_prices IS 'Prices of variants: by list, currency, quantity and time.';
COMMENT ON COLUMN variant_prices.price_list IS 'Code of the price list.';
COMMENT ON COLUMN variant_prices.min_quantity IS 'From how many on it applies.';
COMMENT ON COLUMN variant_prices.valid_from IS 'From when it applies; null always has. The latest that applies wins.';
COMMENT ON COLUMN variant_prices.valid_to IS 'When it stops to apply, exclusive; null never does.';
COMMENT ON COLUMN variant_prices.amount IS 'Price of one in minor units, gross or net as vendors.prices_include_tax says.';
COMMENT ON COLUMN variant_prices.compare_at IS 'Price to compare with, minor units; public only with the lowest price of 30 days (98/6/EC, article 6a).';

COMMENT ON TABLE variant_price_history IS 'What each price was at each time, kept by triggers on variant_prices, for 98/6/EC, article 6a.';
COMMENT ON COLUMN variant_price_history.id IS 'Made by the database; no order in it.';
COMMENT ON COLUMN variant_price_history.price_id IS 'The row of variant_prices, which may be gone.';
COMMENT ON COLUMN variant_price_history.price_list IS 'Code of the price list.';
COMMENT ON COLUMN variant_price_history.min_quantity IS 'From how many on it applied.';
COMMENT ON COLUMN variant_price_history.amount IS 'Price of one in minor units, gross or net as vendors.prices_include_tax says.';
COMMENT ON COLUMN variant_price_history.compare_at IS 'Price to compare with, minor units.';
COMMENT ON COLUMN variant_price_history.price_valid_from IS 'The schedule of the price itself at that time; null is always.';
COMMENT ON COLUMN variant_price_history.price_valid_to IS 'End of the schedule of the price itself at that time, exclusive; null is none.';
COMMENT ON COLUMN variant_price_history.valid_from IS 'When the row of variant_prices took these values.';
COMMENT ON COLUMN variant_price_history.valid_to IS 'When the row of variant_prices took others or went; null while it has these.';

COMMENT ON TABLE categories IS 'A vendor''s tree of categories.';
COMMENT ON COLUMN categories.parent_id IS 'The category above; null at the top.';
COMMENT ON COLUMN categories.name IS 'Name in the vendor''s default language.';
COMMENT ON COLUMN categories.slug IS 'Handle in addresses, unique among a vendor''s living categories.';
COMMENT ON COLUMN categories.position IS 'Place among its siblings, from 0.';

COMMENT ON TABLE category_translations IS 'Names of categories in the vendor''s other languages.';
COMMENT ON COLUMN category_translations.category_id IS 'The category.';
COMMENT ON COLUMN category_translations.language IS 'BCP 47 language.';
COMMENT ON COLUMN category_translations.name IS 'Name in the language.';

COMMENT ON TABLE product_categories IS 'Which products are in which categories.';
COMMENT ON COLUMN product_categories.category_id IS 'The category; being in one says nothing about those above.';

COMMENT ON TABLE inventory_locations IS 'Where a vendor keeps things.';
COMMENT ON COLUMN inventory_locations.code IS 'Handle within the vendor.';
COMMENT ON COLUMN inventory_locations.name IS 'Name for the team.';
COMMENT ON COLUMN inventory_locations.sellable IS 'Whether shoppers can have what is there.';
COMMENT ON COLUMN inventory_locations.active IS 'Whether it is in use.';
COMMENT ON COLUMN inventory_locations.priority IS 'Smaller is taken from first.';
COMMENT ON COLUMN inventory_locations.default_location IS 'Whether it is meant where no location is named; one of a vendor''s is.';
COMMENT ON COLUMN inventory_locations.serves IS 'ISO 3166-1 alpha-2 countries that it ships to; empty is all.';
COMMENT ON COLUMN inventory_locations.address IS 'personal: postal address; of a sole trader it may be a home.';

COMMENT ON TABLE inventory_items IS 'The balance of a variant at a location; inventory_movements says how it came about.';
COMMENT ON COLUMN inventory_items.location_id IS 'Where it is kept.';
COMMENT ON COLUMN inventory_items.on_hand IS 'How many are there, promised ones included; never negative.';
COMMENT ON COLUMN inventory_items.reserved IS 'How many are promised to orders; at most on_hand and overdraft together.';
COMMENT ON COLUMN inventory_items.overdraft IS 'How many may be promised beyond what is there, as the variant''s policy allows.';
COMMENT ON COLUMN inventory_items.low IS 'Whether at most 5 can still be promised from what is there.';

COMMENT ON TABLE inventory_movements IS 'Ledger of inventory: every change of a balance, inserted and never changed or deleted.';
COMMENT ON COLUMN inventory_movements.item_id IS 'The balance that changed.';
COMMENT ON COLUMN inventory_movements.kind IS 'RESERVE, RELEASE, FULFILL, ADJUST, SET, IMPORT, TRANSFER_OUT, TRANSFER_IN or RETURN.';
COMMENT ON COLUMN inventory_movements.delta IS 'By how many on_hand changed.';
COMMENT ON COLUMN inventory_movements.reserved_delta IS 'By how many reserved changed.';
COMMENT ON COLUMN inventory_movements.on_hand_after IS 'What was on hand afterwards.';
COMMENT ON COLUMN inventory_movements.reserved_after IS 'What was reserved afterwards.';
COMMENT ON COLUMN inventory_movements.reason IS 'Why the team changed it: RECEIVED, COUNT, DAMAGED …; null for other kinds.';
COMMENT ON COLUMN inventory_movements.note IS 'personal: what the team wrote about it.';
COMMENT ON COLUMN inventory_movements.order_id IS 'The order that caused it; null for none.';
COMMENT ON COLUMN inventory_movements.order_line_id IS 'The line of the order that caused it; null for none.';

COMMENT ON VIEW variant_availability IS 'What shoppers can have of each variant, over all active, sellable locations; the one view others have of inventory.';
COMMENT ON COLUMN variant_availability.on_hand IS 'How many are there.';
COMMENT ON COLUMN variant_availability.reserved IS 'How many of them are promised to orders.';
COMMENT ON COLUMN variant_availability.available IS 'on_hand less reserved; negative when more is promised than there is.';
COMMENT ON COLUMN variant_availability.overdraft IS 'How many may be promised beyond what is there.';

COMMENT ON TABLE import_sources IS 'Feeds that a vendor imports from; staged rows are unique within one (facts I).';
COMMENT ON COLUMN import_sources.format IS 'LETZSHOP, GOOGLE or SHOPIFY.';
COMMENT ON COLUMN import_sources.code IS 'Handle within vendor and format; `default` where none is named.';
COMMENT ON COLUMN import_sources.updates_quantity IS 'Whether the feed sets the quantity of items that exist; never the reserved part.';
COMMENT ON COLUMN import_sources.creates_categories IS 'Whether unmapped paths become categories.';

COMMENT ON TABLE import_jobs IS 'Runs of feed imports. They work in slices: rows, counts and checkpoint of a slice are one transaction.';
COMMENT ON COLUMN import_jobs.status IS 'PENDING, RUNNING, SUCCEEDED, SUCCEEDED_WITH_ERRORS, FAILED or CANCELLED.';
COMMENT ON COLUMN import_jobs.format IS 'LETZSHOP, GOOGLE or SHOPIFY; null until the file was looked at.';
COMMENT ON COLUMN import_jobs.language IS 'BCP 47 language of the file''s texts.';
COMMENT ON COLUMN import_jobs.source IS 'Code of the import source.';
COMMENT ON COLUMN import_jobs.url IS 'Address the file is fetched from; null when it was uploaded.';
COMMENT ON COLUMN import_jobs.file_name IS 'Name of the uploaded file; null when it was fetched.';
COMMENT ON COLUMN import_jobs.storage_key IS 'Key of the stored file; null when it is not stored.';
COMMENT ON COLUMN import_jobs.file_bytes IS 'Size of the file in bytes.';
COMMENT ON COLUMN import_jobs.plan IS 'How the file is read: encoding, delimiter, columns; null until it was looked at, and after the end.';
COMMENT ON COLUMN import_jobs.checkpoint IS 'Where the next slice begins; null at the start, and after the end.';
COMMENT ON COLUMN import_jobs.rows_read IS 'Rows of the file read so far.';
COMMENT ON COLUMN import_jobs.created IS 'Rows that were new.';
COMMENT ON COLUMN import_jobs.updated IS 'Rows that changed a staged product.';
COMMENT ON COLUMN import_jobs.unchanged IS 'Rows that were as staged.';
COMMENT ON COLUMN import_jobs.failed IS 'Rows that were refused; import_row_errors says why.';
COMMENT ON COLUMN import_jobs.warnings IS 'Complaints about rows that were taken all the same.';
COMMENT ON COLUMN import_jobs.progress IS 'Share of the file that is done, 0 to 1; null when unknown.';
COMMENT ON COLUMN import_jobs.issues_kept IS 'How many complaints import_row_errors holds of the run; their number is limited.';
COMMENT ON COLUMN import_jobs.missing_columns IS 'Columns that Google requires and the file lacks.';
COMMENT ON COLUMN import_jobs.slices IS 'How many slices ran: what shares the workers fairly among vendors.';
COMMENT ON COLUMN import_jobs.publish_job_id IS 'The publishing that is the import''s last step; null for none.';
COMMENT ON COLUMN import_jobs.failure_code IS 'Why the whole run failed; null when it did not.';
COMMENT ON COLUMN import_jobs.failure_message IS 'The same in English, for the team.';
COMMENT ON COLUMN import_jobs.started_at IS 'When the first slice began.';
COMMENT ON COLUMN import_jobs.finished_at IS 'When it ended, whatever the outcome.';

COMMENT ON TABLE import_row_errors IS 'Complaints about rows of an import; a run keeps a limited number.';
COMMENT ON COLUMN import_row_errors.import_job_id IS 'The run.';
COMMENT ON COLUMN import_row_errors.row_number IS 'Data row that it is about: 1 is the first after the header; blank lines are not counted.';
COMMENT ON COLUMN import_row_errors.ordinal IS 'Place among the complaints about the row.';
COMMENT ON COLUMN import_row_errors.column_name IS 'Google''s name of the column, of an unknown one its header; null for the row as a whole.';
COMMENT ON COLUMN import_row_errors.value IS 'The cell, shortened.';
COMMENT ON COLUMN import_row_errors.severity IS 'ERROR refused the row, WARNING did not.';
COMMENT ON COLUMN import_row_errors.code IS 'What is wrong, for programs.';
COMMENT ON COLUMN import_row_errors.message IS 'What is wrong, in English.';

COMMENT ON TABLE import_job_rows IS 'Which ids a run has met: finds duplicates within a file, and says what a run contained.';
COMMENT ON COLUMN import_job_rows.import_job_id IS 'The run.';
COMMENT ON COLUMN import_job_rows.external_id IS 'The row''s id in the feed.';
COMMENT ON COLUMN import_job_rows.row_number IS 'Data row where it came first.';

COMMENT ON TABLE marketplace_products IS 'Staged rows of feeds, before and after they are published; unique by format, source and id in the feed.';
COMMENT ON COLUMN marketplace_products.format IS 'LETZSHOP, GOOGLE or SHOPIFY.';
COMMENT ON COLUMN marketplace_products.source IS 'Code of the import source.';
COMMENT ON COLUMN marketplace_products.external_id IS 'The row''s id in the feed.';
COMMENT ON COLUMN marketplace_products.language IS 'Language of title, category_path and texts (BCP 47): the vendor''s default, or the first that came.';
COMMENT ON COLUMN marketplace_products.title IS 'Title in `language`.';
COMMENT ON COLUMN marketplace_products.brand IS 'The maker''s brand.';
COMMENT ON COLUMN marketplace_products.gtin IS 'Global Trade Item Number (EAN, UPC).';
COMMENT ON COLUMN marketplace_products.price IS 'Regular price in minor units, as the feed says it.';
COMMENT ON COLUMN marketplace_products.sale_price IS 'Reduced price in minor units, between sale_from and sale_to; null for none.';
COMMENT ON COLUMN marketplace_products.sale_from IS 'When the reduction begins; null always has.';
COMMENT ON COLUMN marketplace_products.sale_to IS 'When the reduction ends; null never does.';
COMMENT ON COLUMN marketplace_products.tax_rate_bp IS 'Tax rate that the feed says, in basis points; the class with that rate in the vendor''s country is taken.';
COMMENT ON COLUMN marketplace_products.availability IS 'AVAILABLE, UNAVAILABLE, PREORDER or BACKORDER: a word, it never sets a quantity.';
COMMENT ON COLUMN marketplace_products.quantity IS 'Quantity that the feed says; null when it says none.';
COMMENT ON COLUMN marketplace_products.image_url IS 'Address of the picture.';
COMMENT ON COLUMN marketplace_products.category_path IS 'Path of categories, topmost first, in `language`; mapped by category_mappings.';
COMMENT ON COLUMN marketplace_products.item_group_id IS 'Rows of a source with the same one are variants of one product.';
COMMENT ON COLUMN marketplace_products.data IS 'Further fields that do not depend on the language: weight, more pictures, unknown columns …';
COMMENT ON COLUMN marketplace_products.texts IS 'Further fields in `language`: color, size …';
COMMENT ON COLUMN marketplace_products.fingerprint IS 'SHA-256 of everything that does not depend on the language; the translations have their own.';
COMMENT ON COLUMN marketplace_products.product_id IS 'The product it was published to; null while it is not.';
COMMENT ON COLUMN marketplace_products.variant_id IS 'The variant it was published to; null while it is not.';
COMMENT ON COLUMN marketplace_products.markup_bp IS 'The markup that it was published with, in basis points, applied to each later price.';
COMMENT ON COLUMN marketplace_products.last_import_job_id IS 'The run that last brought the row.';
COMMENT ON COLUMN marketplace_products.last_row_number IS 'Its data row in the file of that run.';
COMMENT ON COLUMN marketplace_products.search_text IS 'What search sees, folded: no accents, lower case.';

COMMENT ON TABLE marketplace_product_translations IS 'Texts of staged rows, by language; files of one source in several languages share rows.';
COMMENT ON COLUMN marketplace_product_translations.marketplace_product_id IS 'The staged row.';
COMMENT ON COLUMN marketplace_product_translations.language IS 'BCP 47 language.';
COMMENT ON COLUMN marketplace_product_translations.title IS 'Title in the language.';
COMMENT ON COLUMN marketplace_product_translations.description IS 'Description in the language.';
COMMENT ON COLUMN marketplace_product_translations.link IS 'Address of the product''s page in the language.';
COMMENT ON COLUMN marketplace_product_translations.fingerprint IS 'SHA-256 of the texts in the language.';

COMMENT ON TABLE category_mappings IS 'Which category a feed''s path leads to; paths are met by imports and mapped by the team.';
COMMENT ON COLUMN category_mappings.format IS 'LETZSHOP, GOOGLE or SHOPIFY.';
COMMENT ON COLUMN category_mappings.source IS 'Code of the import source.';
COMMENT ON COLUMN category_mappings.path IS 'The feed''s path of categories, topmost first.';
COMMENT ON COLUMN category_mappings.category_id IS 'The category; null while the path waits to be mapped.';

COMMENT ON TABLE publish_jobs IS 'Runs that make products of staged rows; they work in slices.';
COMMENT ON COLUMN publish_jobs.status IS 'PENDING, RUNNING, SUCCEEDED, SUCCEEDED_WITH_ERRORS, FAILED or CANCELLED.';
COMMENT ON COLUMN publish_jobs.selector IS 'Which staged rows: ids, or a filter.';
COMMENT ON COLUMN publish_jobs.initial_quantity IS 'Quantity of items that are created; existing ones are left alone (facts I).';
COMMENT ON COLUMN publish_jobs.markup_bp IS 'Markup on the feed''s prices, now and later, in basis points; null keeps what the product has.';
COMMENT ON COLUMN publish_jobs.product_status IS 'Status of products that are created.';
COMMENT ON COLUMN publish_jobs.position IS 'The last unit of publish_job_rows that is done; null until the rows are chosen.';
COMMENT ON COLUMN publish_jobs.total IS 'How many rows were chosen.';
COMMENT ON COLUMN publish_jobs.slices IS 'How many slices ran: what shares the workers fairly among vendors.';
COMMENT ON COLUMN publish_jobs.import_job_id IS 'The import whose last step this is; null for none.';
COMMENT ON COLUMN publish_jobs.published IS 'Rows whose product was created, updated or found unchanged.';
COMMENT ON COLUMN publish_jobs.skipped IS 'Rows left alone, because a person had deleted the product.';
COMMENT ON COLUMN publish_jobs.failed IS 'Rows that were refused; publish_job_rows says why.';
COMMENT ON COLUMN publish_jobs.failure_code IS 'Why the whole run failed; null when it did not.';
COMMENT ON COLUMN publish_jobs.failure_message IS 'The same in English, for the team.';
COMMENT ON COLUMN publish_jobs.started_at IS 'When the first slice began.';
COMMENT ON COLUMN publish_jobs.finished_at IS 'When it ended, whatever the outcome.';

COMMENT ON TABLE publish_job_rows IS 'What a run was asked to publish, chosen once; rows of one unit become one product.';
COMMENT ON COLUMN publish_job_rows.publish_job_id IS 'The run.';
COMMENT ON COLUMN publish_job_rows.marketplace_product_id IS 'The staged row.';
COMMENT ON COLUMN publish_job_rows.unit IS 'Number within the run of the product that the row belongs to.';
COMMENT ON COLUMN publish_job_rows.outcome IS 'CREATED, UPDATED, UNCHANGED, SKIPPED or FAILED; null while it waits.';
COMMENT ON COLUMN publish_job_rows.code IS 'Why it failed, for programs; null when it did not.';
COMMENT ON COLUMN publish_job_rows.message IS 'Why it failed, in English; null when it did not.';

COMMENT ON TABLE shipping_methods IS 'Ways a vendor ships.';
COMMENT ON COLUMN shipping_methods.name IS 'Name that shoppers see.';
COMMENT ON COLUMN shipping_methods.description IS 'What shoppers should know of it.';
COMMENT ON COLUMN shipping_methods.price IS 'What it costs in minor units, gross or net as vendors.prices_include_tax says.';
COMMENT ON COLUMN shipping_methods.tax_class IS 'Its tax class; null takes the goods'' rates in proportion to their value (facts H).';
COMMENT ON COLUMN shipping_methods.active IS 'Whether it can be chosen.';
COMMENT ON COLUMN shipping_methods.position IS 'Place in the list, from 0.';

COMMENT ON TABLE carts IS 'Carts, reached by an opaque token that is stored hashed.';
COMMENT ON COLUMN carts.token_hash IS 'SHA-256 of the token; whoever holds the token holds the cart.';
COMMENT ON COLUMN carts.status IS 'ACTIVE, ORDERED or MERGED.';
COMMENT ON COLUMN carts.currency_code IS 'ISO 4217 currency, fixed when the cart was made (facts H).';
COMMENT ON COLUMN carts.prices_include_tax IS 'Whether prices are gross, as the vendor''s were when the cart was made.';
COMMENT ON COLUMN carts.price_list IS 'Code of the price list.';
COMMENT ON COLUMN carts.language IS 'BCP 47 language of its titles; the order takes it over.';
COMMENT ON COLUMN carts.country_code IS 'ISO 3166-1 alpha-2 country it is to be shipped to; null until it is known.';
COMMENT ON COLUMN carts.email IS 'personal: e-mail address of the buyer.';
COMMENT ON COLUMN carts.shipping_address IS 'personal: where the goods go.';
COMMENT ON COLUMN carts.billing_address IS 'personal: whom the invoice is for; null is the shipping address.';
COMMENT ON COLUMN carts.shipping_method_id IS 'How it is shipped; null until it is chosen.';
COMMENT ON COLUMN carts.note IS 'personal: what the buyer wrote.';
COMMENT ON COLUMN carts.vat_number IS 'personal: the buyer''s VAT number; of a sole trader it is a person''s.';
COMMENT ON COLUMN carts.order_id IS 'The order it became; null while it is none.';
COMMENT ON COLUMN carts.merged_into IS 'The cart that took its lines over when the shopper logged in; null for none.';
COMMENT ON COLUMN carts.expires_at IS 'When it is removed, unless it became an order.';

COMMENT ON TABLE cart_lines IS 'What is in a cart: one line a variant.';
COMMENT ON COLUMN cart_lines.cart_id IS 'The cart.';
COMMENT ON COLUMN cart_lines.quantity IS 'How many, 1 to 1000000.';
COMMENT ON COLUMN cart_lines.price_at_add IS 'Price of one in minor units when it was put in, to tell the shopper of changes; never what is paid.';
COMMENT ON COLUMN cart_lines.title IS 'Title when it was put in, shown when the variant is gone.';

COMMENT ON TABLE orders IS 'Orders. What was agreed is frozen when placed; statuses are derived from lines, payments and release, never set.';
COMMENT ON COLUMN orders.number IS 'Number that people see: the vendor''s prefix and the sequence.';
COMMENT ON COLUMN orders.sequence IS 'The number without its prefix; increases within the vendor, with gaps.';
COMMENT ON COLUMN orders.token_hash IS 'SHA-256 of the token that a guest reaches the order with.';
COMMENT ON COLUMN orders.cart_id IS 'The cart it was made of; one cart has at most one order that is not cancelled.';
COMMENT ON COLUMN orders.channel IS 'DIRECT, LETZSHOP or MANUAL.';
COMMENT ON COLUMN orders.external_number IS 'Its number in the channel; null for DIRECT.';
COMMENT ON COLUMN orders.email IS 'personal: e-mail address of the buyer; null once erased.';
COMMENT ON COLUMN orders.language IS 'BCP 47 language of its titles and mails, frozen.';
COMMENT ON COLUMN orders.currency_code IS 'ISO 4217 currency of all its amounts, frozen.';
COMMENT ON COLUMN orders.prices_include_tax IS 'Whether its prices are gross, frozen.';
COMMENT ON COLUMN orders.price_list IS 'Code of the price list, frozen.';
COMMENT ON COLUMN orders.rounding_mode IS 'How its tax was rounded, frozen (facts H).';
COMMENT ON COLUMN orders.tax_mode IS 'Which country''s tax applied, frozen (facts H).';
COMMENT ON COLUMN orders.tax_date IS 'Business date in the vendor''s time zone that the rates are of, frozen.';
COMMENT ON COLUMN orders.status IS 'PENDING, PROCESSING, PARTIALLY_SHIPPED, SHIPPED, DELIVERED or CANCELLED.';
COMMENT ON COLUMN orders.payment_status IS 'PENDING, AUTHORIZED, PARTIALLY_PAID, PAID, PARTIALLY_REFUNDED, REFUNDED, FAILED or CANCELLED.';
COMMENT ON COLUMN orders.fulfilment_status IS 'UNFULFILLED, PARTIALLY_FULFILLED or FULFILLED, of what was not cancelled.';
COMMENT ON COLUMN orders.subtotal IS 'Sum of the lines'' subtotals in minor units, gross or net as prices_include_tax says.';
COMMENT ON COLUMN orders.discount_total IS 'Discounts in minor units, gross or net as prices_include_tax says.';
COMMENT ON COLUMN orders.shipping_total IS 'Shipping in minor units, gross or net as prices_include_tax says.';
COMMENT ON COLUMN orders.shipping_tax_total IS 'Tax of the shipping in minor units, part of tax_total.';
COMMENT ON COLUMN orders.tax_total IS 'Tax in minor units: inside total for gross prices, added to it for net ones (facts H).';
COMMENT ON COLUMN orders.total IS 'What is paid for the order in minor units, tax included.';
COMMENT ON COLUMN orders.paid_total IS 'What came, in minor units.';
COMMENT ON COLUMN orders.refunded_total IS 'What of it went back, in minor units.';
COMMENT ON COLUMN orders.taxes IS 'Tax by rate, frozen: base and tax in minor units, rounded per document and rate (facts H).';
COMMENT ON COLUMN orders.shipping_method_id IS 'How it is shipped; null when the method was removed.';
COMMENT ON COLUMN orders.shipping_method_name IS 'Name of the shipping method, frozen.';
COMMENT ON COLUMN orders.shipping_address IS 'personal: where the goods go, frozen.';
COMMENT ON COLUMN orders.billing_address IS 'personal: whom the invoice is for, frozen.';
COMMENT ON COLUMN orders.note IS 'personal: what the buyer wrote.';
COMMENT ON COLUMN orders.vat_number IS 'personal: the buyer''s VAT number; of a sole trader it is a person''s.';
COMMENT ON COLUMN orders.accepted_terms IS 'The terms that the buyer accepted, with their versions.';
COMMENT ON COLUMN orders.released_at IS 'When it was released for shipping: by payment, or by the team.';
COMMENT ON COLUMN orders.cancelled_at IS 'When its last unit was cancelled.';
COMMENT ON COLUMN orders.cancel_reason IS 'CUSTOMER, INVENTORY, FRAUD, PAYMENT, ERROR, OTHER, or EXPIRED by the clock.';
COMMENT ON COLUMN orders.expires_at IS 'Until when its payment is waited for; null waits for none.';
COMMENT ON COLUMN orders.placed_at IS 'When it was placed.';

COMMENT ON TABLE order_lines IS 'What was ordered, as it was when ordered.';
COMMENT ON COLUMN order_lines.position IS 'Place within the order, from 0.';
COMMENT ON COLUMN order_lines.variant_id IS 'What was sold; null when it no longer exists.';
COMMENT ON COLUMN order_lines.product_id IS 'Its product; null when it no longer exists.';
COMMENT ON COLUMN order_lines.title IS 'Title in the order''s language, frozen.';
COMMENT ON COLUMN order_lines.sku IS 'The vendor''s article number, frozen.';
COMMENT ON COLUMN order_lines.requires_shipping IS 'Whether it goes into a parcel.';
COMMENT ON COLUMN order_lines.counted IS 'Whether it draws on inventory.';
COMMENT ON COLUMN order_lines.quantity IS 'How many were ordered.';
COMMENT ON COLUMN order_lines.fulfilled_quantity IS 'How many were shipped.';
COMMENT ON COLUMN order_lines.delivered_quantity IS 'How many of the shipped arrived.';
COMMENT ON COLUMN order_lines.cancelled_quantity IS 'How many were cancelled.';
COMMENT ON COLUMN order_lines.expired_quantity IS 'How many of the cancelled were so by expiry, which a late payment takes back.';
COMMENT ON COLUMN order_lines.returned_quantity IS 'How many of the shipped came back.';
COMMENT ON COLUMN order_lines.unit_price IS 'Price of one in minor units, frozen, gross or net as the order says.';
COMMENT ON COLUMN order_lines.subtotal IS 'Quantity times unit_price, minor units.';
COMMENT ON COLUMN order_lines.discount_total IS 'The line''s share of discounts, minor units.';
COMMENT ON COLUMN order_lines.tax_class IS 'Class that the rate was found by, frozen.';
COMMENT ON COLUMN order_lines.tax_country IS 'ISO 3166-1 alpha-2 country where the tax is due, frozen.';
COMMENT ON COLUMN order_lines.tax_rate_bp IS 'Rate in basis points, frozen.';
COMMENT ON COLUMN order_lines.tax_total IS 'The line''s share of the tax in minor units, by largest remainder (facts H).';
COMMENT ON COLUMN order_lines.total IS 'What is paid for the line in minor units, tax included.';

COMMENT ON TABLE inventory_reservations IS 'What is promised to orders: part of inventory_items.reserved, until it is shipped or released.';
COMMENT ON COLUMN inventory_reservations.item_id IS 'The balance it is promised from.';
COMMENT ON COLUMN inventory_reservations.quantity IS 'How many are still promised.';

COMMENT ON TABLE payments IS 'Attempts to pay an order; another attempt is another row.';
COMMENT ON COLUMN payments.gateway IS 'Code of the gateway that was asked: manual …';
COMMENT ON COLUMN payments.status IS 'PENDING, AUTHORIZED, PARTIALLY_PAID, PAID, PARTIALLY_REFUNDED, REFUNDED, FAILED or CANCELLED.';
COMMENT ON COLUMN payments.amount IS 'What was asked for, in minor units.';
COMMENT ON COLUMN payments.captured IS 'What came, in minor units.';
COMMENT ON COLUMN payments.refunded IS 'What of it went back, in minor units.';
COMMENT ON COLUMN payments.failure_code IS 'Why it was declined; null where it was not.';
COMMENT ON COLUMN payments.external_id IS 'The provider''s id of the payment, unique within the gateway.';
COMMENT ON COLUMN payments.reference IS 'personal: reference of the transfer as the team noted it; it may name the payer.';
COMMENT ON COLUMN payments.received_at IS 'When the money came, as the team noted it.';

COMMENT ON TABLE fulfilments IS 'Parcels of orders.';
COMMENT ON COLUMN fulfilments.status IS 'SHIPPED, DELIVERED or CANCELLED.';
COMMENT ON COLUMN fulfilments.location_id IS 'Where it left; null when the location was removed.';
COMMENT ON COLUMN fulfilments.carrier IS 'Who carries it.';
COMMENT ON COLUMN fulfilments.tracking_number IS 'personal: the carrier''s number, which leads to the recipient.';
COMMENT ON COLUMN fulfilments.tracking_url IS 'personal: address where the parcel can be followed.';
COMMENT ON COLUMN fulfilments.shipped_at IS 'When it left.';
COMMENT ON COLUMN fulfilments.delivered_at IS 'When it arrived.';

COMMENT ON TABLE fulfilment_lines IS 'What is in a parcel.';
COMMENT ON COLUMN fulfilment_lines.fulfilment_id IS 'The parcel.';
COMMENT ON COLUMN fulfilment_lines.quantity IS 'How many of the line are in the parcel.';

COMMENT ON TABLE order_events IS 'History of orders, inserted and never changed or deleted.';
COMMENT ON COLUMN order_events.kind IS 'What happened: PLACED, PAID, SHIPPED …';
COMMENT ON COLUMN order_events.from_status IS 'Status of the order before; null for none.';
COMMENT ON COLUMN order_events.to_status IS 'Status of the order afterwards.';
COMMENT ON COLUMN order_events.note IS 'personal: what they wrote about it.';
COMMENT ON COLUMN order_events.data IS 'Details of what happened.';

COMMENT ON VIEW order_settings IS 'What placing and paying an order needs of its vendor; orders'' one view of the vendor''s settings.';
COMMENT ON COLUMN order_settings.order_prefix IS 'What order numbers begin with.';
COMMENT ON COLUMN order_settings.online_payment_minutes IS 'How long an order waits for an online payment before it expires.';
COMMENT ON COLUMN order_settings.manual_payment_minutes IS 'How long an order waits for a payment by hand, a transfer, before it expires.';
COMMENT ON COLUMN order_settings.rounding_mode IS 'How tax is rounded (facts H); frozen on orders.';
COMMENT ON COLUMN order_settings.tax_mode IS 'Which country''s tax applies (facts H); frozen on orders.';
