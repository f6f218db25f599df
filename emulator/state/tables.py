"""The list of tables a workspace holds. A reset cannot forget one, because there is no other place."""

from typing import Final

TABLES: Final = {
    # Braze
    "profiles": "braze_id -> profile",
    "external_ids": "external_id -> braze_id",
    "aliases": "alias_label NUL alias_name -> braze_id",
    "emails": "e-mail in lower case -> tuple of braze_ids",
    "phones": "phone -> tuple of braze_ids",
    "push_tokens": "app id NUL push token -> braze_id",
    "subscription_groups": "subscription_group_id -> {id, name, channel}",
    "orphan_states": "group NUL email or phone NUL address -> {state, until}, kept for a profile to come",
    "content_blocks": "content_block_id -> content block",
    "content_block_names": "name -> content_block_id",
    "tags": "tag name -> {}",
    "apps": "app id -> {id, name, platform}",
    "segments": "segment id -> segment, as seeded",
    "campaigns": "campaign id -> campaign, as seeded",
    "canvases": "Canvas id -> Canvas, as seeded",
    "api_keys": "REST API key -> {key, name, permissions}",
    # partners
    "inkit_templates": "template id -> {id, name}; empty means that every template is known",
    "inkit_mailings": "mailing id -> what the webhook received",
    "inkit_contacts": "contact id -> contact",
    "inkit_recipients": "e-mail address, or name and address -> contact id",
    "inkit_sent": "template id NUL contact id NUL address -> id of the newest such mailing",
    "movable_ink_mappings": "name -> event mapping of this workspace, beside the default ones",
    "movable_ink_events": "sequence number -> accepted event",
    "movable_ink_profiles": "user_id, or NUL anonymous_id until an identify -> profile",
    "movable_ink_aliases": "anonymous_id -> user_id",
    "passkit_campaigns": "coupon campaign id -> campaign",
    "passkit_offers": "offer id -> offer",
    "passkit_coupons": "coupon id -> coupon",
    "passkit_external_ids": "campaign id NUL externalId -> coupon id",
    "passkit_projects": "short code -> SmartPass project {shortCode, secret, …}",
    "passkit_passes": "pass id -> pass made by a SmartPass link",
    "passkit_links": "short code NUL external id, or the link's data where it names none -> pass id",
    "ketch_organizations": "organization code -> {code, connections, topics, controls}",
    "ketch_consents": "organization NUL identity -> stored consent",
    "ketch_subscriptions": "organization NUL identity -> stored topics and controls",
    "ketch_rights": "sequence number -> invoked right",
    "ketch_connections": "organization NUL connection code -> {status, last_outcome}",
    # the emulator's own
    "outbox": "work id -> work that is waiting to be sent",
    "counters": "name -> last number given",
    "settings": "name -> setting of the workspace",
}
