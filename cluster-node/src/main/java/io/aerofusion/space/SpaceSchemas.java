package io.aerofusion.space;

/** The JSON Schemas of what the space API takes and gives, for the API's description. */
final class SpaceSchemas {
    static final String PUSH = """
            {"type":"object","required":["device","firstSeq","ops"],"additionalProperties":false,"properties":{\
            "device":{"type":"string","description":"who pushes; its numbers are its own"},\
            "firstSeq":{"type":"integer","minimum":1,"description":"number of the first change; the others follow"},\
            "base":{"type":"string","description":"cursor of what was seen when the changes were made"},\
            "ops":{"type":"array","items":{"type":"object","required":["collection","id"],"additionalProperties":false,\
            "properties":{"collection":{"type":"string"},"id":{"type":"string"},\
            "at":{"type":"integer","minimum":0,"description":"ms since 1970 when it was made; the server's time when missing"},\
            "set":{"type":"object"},"unset":{"type":"array","items":{"type":"string"}},"delete":{"type":"boolean"},\
            "inc":{"type":"object","additionalProperties":{"type":"integer"}},\
            "add":{"type":"object","additionalProperties":{"type":"array"}},\
            "remove":{"type":"object","additionalProperties":{"type":"array"}},\
            "insert":{"type":"object","additionalProperties":{"type":"array"}}}}}}}""";

    private static final String STAMP = """
            {"type":"object","properties":{"at":{"type":"integer"},"counter":{"type":"integer"},\
            "device":{"type":"string"}}}""";

    private static final String CONFLICT = """
            {"type":"object","properties":{"collection":{"type":"string"},"id":{"type":"string"},"path":{"type":"string"},\
            "policy":{"type":"string"},"winner":%s,"winning":{},"loser":%s,"losing":{},"queued":{"type":"boolean"}}}""".formatted(STAMP, STAMP);

    static final String PUSHED = """
            {"type":"object","required":["ackedUpTo","rejected","conflicts","cursor"],"properties":{\
            "ackedUpTo":{"type":"integer"},"cursor":{"type":"string"},\
            "rejected":{"type":"array","items":{"type":"object","properties":{"seq":{"type":"integer"},\
            "code":{"type":"string"},"detail":{"type":"string"},"path":{"type":"string"},"serverValue":{},\
            "retryable":{"type":"boolean"}}}},\
            "conflicts":{"type":"array","items":%s}}}""".formatted(CONFLICT);

    private static final String CHANGE = """
            {"type":"object","required":["collection","id"],"properties":{"collection":{"type":"string"},\
            "id":{"type":"string"},"deleted":{"type":"boolean"},"whole":{"type":"boolean"},"set":{"type":"object"},\
            "unset":{"type":"array","items":{"type":"string"}},"keys":{"type":"object"}}}""";

    static final String CHANGES = """
            {"type":"object","required":["cursor","changes","more"],"properties":{"cursor":{"type":"string"},\
            "reset":{"type":"boolean"},"changes":{"type":"array","items":%s},"more":{"type":"boolean"}}}""".formatted(CHANGE);

    static final String HASH = """
            {"type":"object","required":["hash","documents","cursor"],"properties":{"hash":{"type":"string"},\
            "documents":{"type":"integer"},"cursor":{"type":"string"}}}""";

    static final String CREATE = """
            {"type":"object","additionalProperties":false,"properties":{\
            "space":{"type":"string","pattern":"^%s$","description":"its name; made up when missing"},\
            "title":{"type":"string","maxLength":200},\
            "declaredOnly":{"type":"boolean","description":"accept only collections that have a schema"}}}""".formatted(SpaceNames.PATTERN);

    static final String SPACE = """
            {"type":"object","required":["space","owner"],"properties":{"space":{"type":"string"},\
            "owner":{"type":"string"},"title":{"type":"string"},"declaredOnly":{"type":"boolean"},\
            "members":{"type":"object","additionalProperties":{"enum":["read","write","manage"]}},\
            "collections":{"type":"object","additionalProperties":{"type":"integer"},\
            "description":"collections with a schema and its version"},\
            "quota":{"type":"object","properties":{"documents":{"type":"integer"},"bytes":{"type":"integer"}}},\
            "documents":{"type":"integer"},"bytes":{"type":"integer"},\
            "deleted":{"type":"object","description":"documents that are kept until every device has seen them go",\
            "properties":{"documents":{"type":"integer"},"bytes":{"type":"integer"}}},"devices":{"type":"integer"},\
            "cursor":{"type":"string"},"version":{"type":"integer"},"createdAt":{"type":"string","format":"date-time"}}}""";

    static final String LISTED_SPACE = """
            {"type":"object","required":["space","owner","right"],"properties":{"space":{"type":"string"},\
            "owner":{"type":"string"},"title":{"type":"string"},"right":{"enum":["read","write","manage"]}}}""";

    static final String MEMBER = """
            {"type":"object","required":["right"],"additionalProperties":false,"properties":{\
            "right":{"enum":["read","write","manage"]}}}""";

    static final String QUOTA = """
            {"type":"object","required":["documents","bytes"],"additionalProperties":false,"properties":{\
            "documents":{"type":"integer","minimum":1},"bytes":{"type":"integer","minimum":1}}}""";

    static final String SCHEMA = "{\"type\":\"object\",\"description\":\"JSON Schema 2020-12 with x-sync\"}";

    private static final String CHOICE =
            "{\"type\":\"object\",\"properties\":{\"value\":{},\"stamp\":%s}}".formatted(STAMP);

    static final String CONFLICT_QUEUED = """
            {"type":"object","required":["collection","id","path","live","waiting"],"properties":{\
            "collection":{"type":"string"},"id":{"type":"string"},"path":{"type":"string"},"live":%s,\
            "waiting":{"type":"array","items":%s}}}""".formatted(CHOICE, CHOICE);

    static final String RESOLUTION = """
            {"type":"object","required":["collection","id","path"],"additionalProperties":false,"properties":{\
            "collection":{"type":"string"},"id":{"type":"string"},"path":{"type":"string","description":"empty for the whole document"},\
            "value":{"description":"what it shall be; nothing when missing"}}}""";

    static final String CURSOR = """
            {"type":"object","required":["cursor"],"properties":{"cursor":{"type":"string"}}}""";

    static final String QUARANTINED = """
            {"type":"object","required":["device","seq","at","collection","id"],"properties":{\
            "device":{"type":"string"},"seq":{"type":"integer"},\
            "at":{"type":"string","format":"date-time","description":"when it was set aside"},\
            "collection":{"type":"string"},"id":{"type":"string"},"set":{"type":"object"},\
            "unset":{"type":"array","items":{"type":"string"}},"delete":{"type":"boolean"},\
            "inc":{"type":"object","additionalProperties":{"type":"integer"}},\
            "add":{"type":"object","additionalProperties":{"type":"array"}},\
            "remove":{"type":"object","additionalProperties":{"type":"array"}},\
            "insert":{"type":"object","additionalProperties":{"type":"array"}}}}""";

    static final String QUARANTINE_DECISION = """
            {"type":"object","required":["accept"],"additionalProperties":false,"properties":{\
            "accept":{"type":"boolean","description":"true applies the change now, false drops it"}}}""";

    static final String PRESENCE = """
            {"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{\
            "device":{"type":"string"},"state":{}}}}}}""";

    static final String HISTORY = """
            {"type":"object","required":["items"],"properties":{"items":{"type":"array","items":{"type":"object",\
            "properties":{"number":{"type":"integer","description":"place in the region's order"},\
            "region":{"type":"string"},"at":{"type":"string","format":"date-time"},"device":{"type":"string"},\
            "seq":{"type":"integer"},"deleted":{"type":"boolean"},"set":{"type":"object"},\
            "unset":{"type":"array","items":{"type":"string"}},\
            "edited":{"type":"array","items":{"type":"string"},\
            "description":"paths of another type or policy than lww and the first three"},\
            "edits":{"type":"array","description":"what was done to them","items":{"type":"object","required":["path"],\
            "properties":{"path":{"type":"string"},"set":{},"unset":{"type":"boolean"},"inc":{"type":"integer"},\
            "add":{"type":"array"},"insert":{"type":"array"},\
            "removed":{"type":"array","items":{"type":"string"},"description":"keys of the elements"}}}}}}},\
            "next":{"type":"integer","description":"where to go on; missing at the end"}}}""";

    private SpaceSchemas() {}
}
