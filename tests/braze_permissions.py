"""The permissions that a Braze REST API key can have (documented: https://www.braze.com/docs/api/basics)."""

AREAS = {
    "users": "track track.bulk track.sync delete alias.new alias.update identify merge external_ids.rename "
    "external_ids.remove export.ids export.segment export.global_control_group",
    "email": "unsubscribe status hard_bounces bounce.remove spam.remove blacklist",
    "messages": "send schedule.create schedule.update schedule.delete schedule_broadcasts live_activity.start "
    "live_activity.update",
    "campaigns": "trigger.send trigger.schedule.create trigger.schedule.update trigger.schedule.delete list "
    "data_series details url_info.details duplicate translations.get translations.update",
    "sends": "data_series id.create",
    "transactional": "send",
    "canvas": "trigger.send trigger.schedule.create trigger.schedule.update trigger.schedule.delete list data_series "
    "details data_summary url_info.details duplicate translations.get translations.update",
    "segments": "list data_series details",
    "purchases": "product_list revenue_series quantity_series",
    "events": "list data_series get",
    "custom_attributes": "get",
    "sessions": "data_series",
    "kpi": "dau.data_series mau.data_series new_users.data_series uninstalls.data_series",
    "templates": "email.create email.info email.list email.update translations.get translations.update",
    "content_blocks": "info list create update translations.get translations.update",
    "preference_center": "get list update user.get",
    "subscription": "status.set status.get groups.get",
    "sms": "invalid_phone_numbers invalid_phone_numbers.remove",
    "catalogs": "create get delete get_items get_item create_item update_item replace_item delete_item add_items "
    "update_items replace_items delete_items create_fields delete_fields create_selection delete_selection",
    "cdi": "integration_list integration_sync integration_job_status",
    "sdk_authentication": "create primary delete keys",
    "media_library": "create replace",
    "apps": "push_credential",
    "data_objects": "read create update delete user_relationships.read user_relationships.create "
    "user_relationships.update user_relationships.delete object_relationships.create object_relationships.update "
    "object_relationships.delete",
    "banners": "sync track",
    "sso": "saml.login",
}

PERMISSIONS = frozenset(f"{area}.{name}" for area, names in AREAS.items() for name in names.split())
