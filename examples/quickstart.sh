#!/usr/bin/env bash
# The story of a marketplace in one run, against a running Orion:
#   two vendors, a team, a product feed, a shopper, an order, a parcel, and a neighbour who sees none of it.
#
# usage: examples/quickstart.sh [URL]          (default http://127.0.0.1:8000)
#
# Needs curl, and jq or python3. It creates vendors of its own with new names at each run, and deletes nothing: run it
# on a development server (`make dev`). ORION_ADMIN_EMAIL and ORION_ADMIN_PASSWORD name a platform admin; without them
# it is the demo's. ORION_QUICKSTART_WAIT is how many seconds an import may take (60).
set -euo pipefail

url=${1:-http://127.0.0.1:8000}
url=${url%/}
admin_email=${ORION_ADMIN_EMAIL:-admin@orion.test}
admin_password=${ORION_ADMIN_PASSWORD:-orion-demo-password}
patience=${ORION_QUICKSTART_WAIT:-60}

suffix=$(date +%y%m%d%H%M%S)$$
code_a=QA$suffix code_b=QB$suffix
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
answer='' step='Begin'

# ── Helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

lower() { tr '[:upper:]' '[:lower:]' <<< "$1"; }

say() { step=$1 && printf '%s\n' "$1"; }

fail() {
  printf '\nFAILED: %s\n  %s\n  the answer was: %s\n' "$step" "$1" "${answer:-none}" >&2
  exit 1
}

command -v curl > /dev/null || { echo "curl is missing: install curl" >&2 && exit 1; }
if command -v jq > /dev/null; then
  # value PATH: what is at data.a.0.b of the answer; nothing for null.
  value() {
    jq -r --arg path "$1" 'getpath($path | split(".") | map(if test("^[0-9]+$") then tonumber else . end))
      | if . == null then "" elif type == "string" then . else tojson end' <<< "$answer" 2> /dev/null || true
  }
  # where LIST KEY WANTED PATH: the value at PATH in the entry of the list whose KEY is WANTED.
  where() {
    jq -r --arg list "$1" --arg key "$2" --arg wanted "$3" --arg path "$4" '
      def at($p): getpath($p | split(".") | map(if test("^[0-9]+$") then tonumber else . end));
      first(at($list)[] | select(.[$key] == $wanted)) | at($path) // empty' <<< "$answer" 2> /dev/null || true
  }
  text() { jq -n --arg text "$1" '$text'; }
  request() { jq -n --arg query "$1" --argjson variables "$2" '{query: $query, variables: $variables}'; }
elif command -v python3 > /dev/null && python3 -c '' 2> /dev/null; then
  python_helpers='
import json, sys
def at(value, path):
    for part in path.split("."):
        try: value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError): return None
    return value
def show(value):
    if value is not None: print(value if isinstance(value, str) else json.dumps(value, separators=(",", ":")))
def read():
    try: return json.load(sys.stdin)
    except ValueError: return None
'
  value() { python3 -c "$python_helpers"'show(at(read(), sys.argv[1]))' "$1" <<< "$answer"; }
  where() {
    python3 -c "$python_helpers"'
for entry in at(read(), sys.argv[1]) or []:
    if entry[sys.argv[2]] == sys.argv[3]: show(at(entry, sys.argv[4])); break' "$@" <<< "$answer"
  }
  text() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1]))' "$1"; }
  request() {
    python3 -c 'import json, sys; print(json.dumps({"query": sys.argv[1], "variables": json.loads(sys.argv[2])}))' "$@"
  }
else
  echo "jq is missing: install jq (or python3)" >&2
  exit 1
fi

send() { # VENDOR TOKEN CURL-ARGUMENTS…: posts, and keeps the answer
  local vendor=$1 token=$2 headers=()
  shift 2
  [ -z "$vendor" ] || headers+=(-H "X-Vendor: $vendor")
  [ -z "$token" ] || headers+=(-H "Authorization: Bearer $token")
  answer=$(curl --silent --show-error --max-time 60 "${headers[@]+"${headers[@]}"}" "$@" "$url/graphql") ||
    fail "no answer from $url/graphql"
}

ask() { # VENDOR TOKEN QUERY VARIABLES
  local body
  body=$(request "$3" "$4") || fail "the script made bad variables: $4"
  send "$1" "$2" -H 'Content-Type: application/json' --data-binary "$body"
  served
}

served() { # the answer is GraphQL's, without errors
  [ -z "$(value errors)" ] || fail "it has errors"
  has data
}

is() { # PATH EXPECTED
  local found
  found=$(value "$1")
  [ "$found" = "$2" ] || fail "expected $1 to be ${2:-null}, but it is ${found:-null}"
}

has() { [ -n "$(value "$1")" ] || fail "expected $1 to be there"; } # PATH

wait_for() { # FIELD VENDOR TOKEN QUERY VARIABLES: asks again until the job's status is an end, and keeps that answer
  local field=$1 deadline=$((SECONDS + patience)) status
  shift
  while :; do
    ask "$@"
    status=$(value "data.$field.status")
    case $status in
      PENDING | RUNNING) [ "$SECONDS" -lt "$deadline" ] || fail "still $status after $patience s; is a worker running?" ;;
      '') fail "there is no such job" ;;
      *) return ;;
    esac
    sleep 0.3
  done
}

# ── The platform: an admin makes two vendors ─────────────────────────────────────────────────────────────────────────

say "Is Orion there? ($url)"
curl --silent --fail --max-time 10 --output /dev/null "$url/health/ready" ||
  fail "$url/health/ready does not answer: start the server with \`make dev\`"

say "The platform's admin logs in."
ask '' '' 'mutation ($input: LoginInput!) {
  adminLogin(input: $input) { session { accessToken } userErrors { code message } }
}' "{\"input\": {\"email\": $(text "$admin_email"), \"password\": $(text "$admin_password")}}"
is data.adminLogin.userErrors '[]'
has data.adminLogin.session.accessToken
admin=$(value data.adminLogin.session.accessToken)

create_vendor() { # CODE NAME: sets vendor_id, temporary_password
  ask '' "$admin" 'mutation ($input: VendorCreateInput!) {
    vendorCreate(input: $input) { vendor { id code verified } temporaryPassword userErrors { code field message } }
  }' "{\"input\": {\"name\": \"$2\", \"code\": \"$1\", \"subdomain\": \"$(lower "$1")\",
    \"ownerEmail\": \"owner-$(lower "$1")@example.test\", \"currencyCode\": \"EUR\", \"countryCode\": \"LU\",
    \"pricesIncludeTax\": true, \"idempotencyKey\": \"create-$1\"}}"
  is data.vendorCreate.userErrors '[]'
  is data.vendorCreate.vendor.code "$1"
  has data.vendorCreate.temporaryPassword
  vendor_id=$(value data.vendorCreate.vendor.id)
  temporary_password=$(value data.vendorCreate.temporaryPassword)
  ask '' "$admin" 'mutation ($input: VendorVerifiedSetInput!) {
    vendorVerifiedSet(input: $input) { vendor { verified } userErrors { code message } }
  }' "{\"input\": {\"id\": \"$vendor_id\", \"verified\": true}}"
  is data.vendorVerifiedSet.userErrors '[]'
  is data.vendorVerifiedSet.vendor.verified true
}

owner_login() { # CODE TEMPORARY-PASSWORD: the first login asks for a password of one's own; sets token
  ask "$1" '' 'mutation ($input: LoginInput!) {
    teamLogin(input: $input) { session { id } challenge { id kinds } userErrors { code message } }
  }' "{\"input\": {\"email\": \"owner-$(lower "$1")@example.test\", \"password\": $(text "$2")}}"
  is data.teamLogin.userErrors '[]'
  is data.teamLogin.session ''
  is data.teamLogin.challenge.kinds '["PASSWORD_CHANGE"]'
  ask "$1" '' 'mutation ($input: SessionChallengeAnswerInput!) {
    sessionChallengeAnswer(input: $input) { session { accessToken vendor { code } } userErrors { code message } }
  }' "{\"input\": {\"id\": $(text "$(value data.teamLogin.challenge.id)"), \"kind\": \"PASSWORD_CHANGE\",
    \"newPassword\": \"an owner's own $suffix\"}}"
  is data.sessionChallengeAnswer.userErrors '[]'
  is data.sessionChallengeAnswer.session.vendor.code "$1"
  token=$(value data.sessionChallengeAnswer.session.accessToken)
}

say "The admin creates vendor $code_a, its owner with it, and verifies it."
create_vendor "$code_a" 'Quickstart Outdoor'
password_a=$temporary_password
say "The admin creates vendor $code_b and verifies it."
create_vendor "$code_b" 'Quickstart Neighbour'
password_b=$temporary_password

# ── The team ─────────────────────────────────────────────────────────────────────────────────────────────────────────

say "The owner of $code_a logs in with the temporary password, and chooses a new one."
owner_login "$code_a" "$password_a"
owner_a=$token

say "The owner invites an editor."
ask "$code_a" "$owner_a" '{ roles(first: 20) { nodes { id preset } } }' '{}'
role=$(where data.roles.nodes preset EDITOR id)
[ -n "$role" ] || fail "expected a role with the preset EDITOR"
ask "$code_a" "$owner_a" 'mutation ($input: TeamInviteInput!) {
  teamInvite(input: $input) { invitation { id email } token userErrors { code field message } }
}' "{\"input\": {\"email\": \"editor-$suffix@example.test\", \"roleId\": \"$role\"}}"
is data.teamInvite.userErrors '[]'
has data.teamInvite.token
invitation=$(value data.teamInvite.token)

say "The editor accepts, and logs in."
ask "$code_a" '' 'mutation ($input: TeamInvitationAcceptInput!) {
  teamInvitationAccept(input: $input) { userErrors { code field message } }
}' "{\"input\": {\"token\": $(text "$invitation"), \"name\": \"Quickstart Editor\", \"password\": \"an editor's own $suffix\"}}"
is data.teamInvitationAccept.userErrors '[]'
ask "$code_a" '' 'mutation ($input: LoginInput!) {
  teamLogin(input: $input) {
    session { accessToken } viewer { kind imports: can(permission: IMPORTS_RUN) invites: can(permission: TEAM_INVITE) }
    userErrors { code message }
  }
}' "{\"input\": {\"email\": \"editor-$suffix@example.test\", \"password\": \"an editor's own $suffix\"}}"
is data.teamLogin.userErrors '[]'
is data.teamLogin.viewer.kind TEAM_MEMBER
is data.teamLogin.viewer.imports true
is data.teamLogin.viewer.invites false
editor=$(value data.teamLogin.session.accessToken)

# ── The feed ─────────────────────────────────────────────────────────────────────────────────────────────────────────

say "The editor uploads a feed of four rows; the price of the third is wrong."
feed=$folder/letzshop.tsv
row() { local IFS=$'\t' && printf '%s\n' "$*"; }
{
  row id title description link image_link availability price brand product_type tax_rate
  for item in 'lamp|Head lamp|19.90 EUR' 'bottle|Steel bottle|4.50 EUR' 'rope|Climbing rope|ask us' 'tent|Tent for two|149.00 EUR'; do
    IFS='|' read -r id title price <<< "$item"
    row "$id" "$title" "A $title." "https://example.test/$id" "https://example.test/$id.jpg" in_stock "$price" Quickstart Outdoor 17
  done
} > "$feed"
operations=$(request 'mutation ($input: ImportStartInput!) {
  importStart(input: $input) { importJob { id status } userErrors { code field message } }
}' "{\"input\": {\"file\": null, \"format\": \"LETZSHOP\", \"language\": \"en\", \"idempotencyKey\": \"import-$suffix\"}}")
# The GraphQL multipart request specification: operations, map, then the file.
send "$code_a" "$editor" --form-string "operations=$operations" --form-string 'map={"0": ["variables.input.file"]}' \
  --form "0=@$feed;type=text/tab-separated-values"
served
is data.importStart.userErrors '[]'
has data.importStart.importJob.id
import=$(value data.importStart.importJob.id)

say "The import runs as a job; it ends with one row refused."
wait_for importJob "$code_a" "$editor" 'query ($id: ID!) {
  importJob(id: $id) {
    status rowsRead created updated failed errors(first: 10) { nodes { row column value severity code message } }
  }
}' "{\"id\": \"$import\"}"
is data.importJob.status SUCCEEDED_WITH_ERRORS
is data.importJob.rowsRead 4
is data.importJob.created 3
is data.importJob.failed 1
is data.importJob.errors.nodes.0.row 3
is data.importJob.errors.nodes.0.column price
is data.importJob.errors.nodes.0.code INVALID_PRICE
printf '  row %s, column %s, "%s": %s\n' "$(value data.importJob.errors.nodes.0.row)" \
  "$(value data.importJob.errors.nodes.0.column)" "$(value data.importJob.errors.nodes.0.value)" \
  "$(value data.importJob.errors.nodes.0.message)"

say "The editor publishes what was imported, five pieces of each."
ask "$code_a" "$editor" 'mutation ($input: MarketplaceProductsPublishInput!) {
  marketplaceProductsPublish(input: $input) { job { id status } userErrors { code field message } }
}' "{\"input\": {\"importJobId\": \"$import\", \"initialQuantity\": 5, \"status\": \"ACTIVE\", \"idempotencyKey\": \"publish-$suffix\"}}"
is data.marketplaceProductsPublish.userErrors '[]'
has data.marketplaceProductsPublish.job.id
publish=$(value data.marketplaceProductsPublish.job.id)
wait_for publishJob "$code_a" "$editor" 'query ($id: ID!) { publishJob(id: $id) { status published skipped failed } }' \
  "{\"id\": \"$publish\"}"
is data.publishJob.status SUCCEEDED
is data.publishJob.published 3

# ── The shopper ──────────────────────────────────────────────────────────────────────────────────────────────────────

say "A customer registers at $code_a."
ask "$code_a" '' 'mutation ($input: CustomerRegisterInput!) {
  customerRegister(input: $input) { session { accessToken } viewer { kind } userErrors { code field message } }
}' "{\"input\": {\"email\": \"customer-$suffix@example.test\", \"password\": \"a customer's own $suffix\",
  \"firstName\": \"Quick\", \"lastName\": \"Start\", \"language\": \"en\"}}"
is data.customerRegister.userErrors '[]'
is data.customerRegister.viewer.kind CUSTOMER
customer=$(value data.customerRegister.session.accessToken)

say "The customer browses: three products, the row that was refused is not among them."
ask "$code_a" "$customer" '{
  products(first: 10) {
    totalCount { value }
    nodes { id title price { amount currencyCode } variants(first: 1) { nodes { id canAddToCart } } }
  }
}' '{}'
is data.products.totalCount.value 3
lamp_product=$(where data.products.nodes title 'Head lamp' id)
lamp=$(where data.products.nodes title 'Head lamp' variants.nodes.0.id)
bottle=$(where data.products.nodes title 'Steel bottle' variants.nodes.0.id)
if [ -z "$lamp" ] || [ -z "$bottle" ]; then fail "expected a head lamp and a steel bottle"; fi
[ -z "$(where data.products.nodes title 'Climbing rope' id)" ] || fail "the climbing rope should not be there"

say "The customer takes a cart, and puts in two lamps and a bottle."
ask "$code_a" "$customer" 'mutation ($input: CartCreateInput) {
  cartCreate(input: $input) { cart { token itemCount } userErrors { code field message } }
}' "{\"input\": {\"idempotencyKey\": \"cart-$suffix\"}}"
is data.cartCreate.userErrors '[]'
has data.cartCreate.cart.token
cart=$(value data.cartCreate.cart.token)
ask "$code_a" "$customer" 'mutation ($input: CartLinesAddInput!) {
  cartLinesAdd(input: $input) { cart { itemCount subtotal { amount currencyCode } missing } userErrors { code field message } }
}' "{\"input\": {\"token\": $(text "$cart"), \"idempotencyKey\": \"lines-$suffix\",
  \"lines\": [{\"variantId\": \"$lamp\", \"quantity\": 2}, {\"variantId\": \"$bottle\", \"quantity\": 1}]}}"
is data.cartLinesAdd.userErrors '[]'
is data.cartLinesAdd.cart.itemCount 3
is data.cartLinesAdd.cart.subtotal.amount 44.30

say "The customer says where to, and how."
ask "$code_a" "$customer" 'mutation ($input: CartUpdateInput!) {
  cartUpdate(input: $input) { cart { shippingMethods { id name price { amount } } } userErrors { code field message } }
}' "{\"input\": {\"token\": $(text "$cart"), \"email\": \"customer-$suffix@example.test\",
  \"shippingAddress\": {\"firstName\": \"Quick\", \"lastName\": \"Start\", \"line1\": \"1, rue du Fort\", \"city\": \"Luxembourg\", \"postalCode\": \"1616\", \"countryCode\": \"LU\"}}}"
is data.cartUpdate.userErrors '[]'
has data.cartUpdate.cart.shippingMethods.0.id
method=$(value data.cartUpdate.cart.shippingMethods.0.id)
ask "$code_a" "$customer" 'mutation ($input: CartUpdateInput!) {
  cartUpdate(input: $input) {
    cart { missing subtotal { amount } shippingTotal { amount } taxTotal { amount } total { amount currencyCode } }
    userErrors { code field message }
  }
}' "{\"input\": {\"token\": $(text "$cart"), \"shippingMethodId\": \"$method\"}}"
is data.cartUpdate.userErrors '[]'
is data.cartUpdate.cart.missing '[]'
total=$(value data.cartUpdate.cart.total.amount)
printf '  goods %s, shipping %s, together %s EUR (of which tax %s)\n' "$(value data.cartUpdate.cart.subtotal.amount)" \
  "$(value data.cartUpdate.cart.shippingTotal.amount)" "$total" "$(value data.cartUpdate.cart.taxTotal.amount)"

say "The customer orders. The test gateway is told to decline: there is an order, and it waits for its money."
ask "$code_a" "$customer" 'mutation ($input: CheckoutCompleteInput!) {
  checkoutComplete(input: $input) {
    order { id number status paymentStatus total { amount } } payment { status } userErrors { code message }
  }
}' "{\"input\": {\"token\": $(text "$cart"), \"idempotencyKey\": \"checkout-$suffix\",
  \"expectedTotal\": {\"amount\": \"$total\", \"currencyCode\": \"EUR\"},
  \"payment\": {\"gateway\": \"test\", \"data\": {\"outcome\": \"decline\"}}}}"
is data.checkoutComplete.userErrors.0.code PAYMENT_DECLINED
is data.checkoutComplete.payment.status FAILED
is data.checkoutComplete.order.status PENDING
is data.checkoutComplete.order.total.amount "$total"
order=$(value data.checkoutComplete.order.id)
number=$(value data.checkoutComplete.order.number)

pay() {
  ask "$code_a" "$customer" 'mutation ($input: OrderPayInput!) {
    orderPay(input: $input) {
      order { id number status paymentStatus payments { id status } } payment { status } userErrors { code message }
    }
  }' "{\"input\": {\"id\": \"$order\", \"idempotencyKey\": \"pay-$suffix\", \"payment\": {\"gateway\": \"test\", \"data\": {\"outcome\": \"approve\"}}}}"
  is data.orderPay.userErrors '[]'
  is data.orderPay.order.number "$number"
  is data.orderPay.payment.status PAID
  is data.orderPay.order.paymentStatus PAID
  is data.orderPay.order.status PROCESSING
  is data.orderPay.order.payments.2.id ''
}
say "The customer pays order $number with another try: the same order, paid."
pay
say "The network was slow and the client repeats the request with its key: nothing is paid twice."
pay
is extensions.idempotentReplay true

# ── The parcel ───────────────────────────────────────────────────────────────────────────────────────────────────────

say "The editor ships the order."
ask "$code_a" "$editor" 'mutation ($input: OrderShipInput!) {
  orderShip(input: $input) { order { status fulfilmentStatus } fulfilment { carrier trackingNumber } userErrors { code message } }
}' "{\"input\": {\"id\": \"$order\", \"carrier\": \"POST Luxembourg\", \"trackingNumber\": \"QS$suffix\",
  \"trackingUrl\": \"https://example.test/track/QS$suffix\", \"idempotencyKey\": \"ship-$suffix\"}}"
is data.orderShip.userErrors '[]'
is data.orderShip.order.status SHIPPED
is data.orderShip.fulfilment.trackingNumber "QS$suffix"

say "It arrives."
ask "$code_a" "$editor" 'mutation ($input: OrderDeliverInput!) {
  orderDeliver(input: $input) { order { status } userErrors { code message } }
}' "{\"input\": {\"id\": \"$order\", \"idempotencyKey\": \"deliver-$suffix\"}}"
is data.orderDeliver.userErrors '[]'
is data.orderDeliver.order.status DELIVERED

say "The customer sees the parcel."
ask "$code_a" "$customer" 'query ($id: ID!) { order(id: $id) { status fulfilments { status trackingNumber } } }' "{\"id\": \"$order\"}"
is data.order.status DELIVERED
is data.order.fulfilments.0.status DELIVERED
is data.order.fulfilments.0.trackingNumber "QS$suffix"

# ── The neighbour ────────────────────────────────────────────────────────────────────────────────────────────────────

say "The owner of $code_b asks for that order and product by their ids, and gets nothing."
owner_login "$code_b" "$password_b"
ask "$code_b" "$token" 'query ($order: ID!, $product: ID!) {
  order(id: $order) { number }
  product(id: $product) { title }
  nodes(ids: [$order, $product]) { id }
  products(first: 1) { totalCount { value } }
  orders(first: 1) { totalCount { value } }
}' "{\"order\": \"$order\", \"product\": \"$lamp_product\"}"
is data.order ''
is data.product ''
is data.nodes '[null,null]'
is data.products.totalCount.value 0
is data.orders.totalCount.value 0

printf '\nDone: order %s of vendor %s went from feed to parcel.\n' "$number" "$code_a"
