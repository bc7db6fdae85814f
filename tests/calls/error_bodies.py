"""Bodies of errors as servers send them: provider, status, body, the kind that it is, and what the way out names."""

from stark_udfs.calls.errors import CallError

AUTH, QUOTA, NOT_FOUND, SETTINGS = CallError.AUTH, CallError.QUOTA, CallError.NOT_FOUND, CallError.SETTINGS
THROTTLED, TRANSIENT = CallError.THROTTLED, CallError.TRANSIENT
LENGTH, FILTER, BAD = CallError.CONTEXT_LENGTH, CallError.CONTENT_FILTER, CallError.BAD_REQUEST

Case = tuple[str, int, object, CallError, str]


def openai(message: str, code: object = None, param: str | None = None, kind: str = "invalid_request_error") -> object:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def vllm(message: str, code: int = 400) -> object:
    return {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": code}


def anthropic(message: str, kind: str = "invalid_request_error") -> object:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def gemini(message: str, status: str, code: int = 400, details: object = None) -> object:
    return [{"error": {"code": code, "message": message, "status": status, "details": details or []}}]


def quota_failure(quota: str) -> object:
    violation = {"quotaMetric": "generativelanguage.googleapis.com/requests", "quotaId": quota, "quotaValue": "50"}
    return [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
    ]


def databricks(message: str, code: str = "BAD_REQUEST") -> object:
    return {"error_code": code, "message": message}


def pydantic(loc: list[object], msg: str, kind: str) -> object:
    return {"detail": [{"type": kind, "loc": loc, "msg": msg, "input": {"content": "my credit balance is too low"}}]}


PLAN = "You exceeded your current quota, please check your plan and billing details."
TOKENS = "token_limit: max_completion_tokens"
SHAPE = "json_schema: false"

CASES: list[Case] = [
    # OpenAI
    (
        "openai",
        400,
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "unsupported_parameter",
            "max_tokens",
        ),
        SETTINGS,
        TOKENS,
    ),
    (
        "openai",
        400,
        openai(
            "Unsupported value: 'temperature' does not support 0.9 with this model. Only the default (1) value is "
            "supported.",
            "unsupported_value",
            "temperature",
        ),
        SETTINGS,
        "without: [temperature]",
    ),
    (
        "openai",
        400,
        openai(
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            None,
            "response_format",
        ),
        SETTINGS,
        SHAPE,
    ),
    (
        "openai",
        400,
        openai("Invalid schema for response_format 'Images': 'maxLength' is not permitted.", None, "response_format"),
        SETTINGS,
        SHAPE,
    ),
    ("openai", 400, openai("Unrecognized request argument supplied: top_k"), SETTINGS, "without: [top_k]"),
    (
        "openai",
        400,
        openai("Unknown parameter: 'min_p'.", "unknown_parameter", "min_p"),
        SETTINGS,
        "without: [min_p]",
    ),
    (
        "openai",
        400,
        openai("Invalid 'temperature': decimal above maximum value.", "decimal_above_max_value", "temperature"),
        SETTINGS,
        "without: [temperature]",
    ),
    (
        "openai",
        400,
        openai(
            "max_tokens is too large: 99999. This model supports at most 16384 completion tokens.", None, "max_tokens"
        ),
        SETTINGS,
        "reply_tokens",
    ),
    (
        "openai",
        400,
        openai("The requested model 'gpt-9' does not exist.", "model_not_found"),
        NOT_FOUND,
        "models.<name>.name",
    ),
    ("openai", 400, openai("invalid model ID", None, "model"), NOT_FOUND, "models.<name>.name"),
    (
        "openai",
        400,
        openai(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
            "context_length_exceeded",
            "messages",
        ),
        LENGTH,
        "",
    ),
    (
        "openai",
        400,
        openai("Invalid prompt: your prompt was flagged as violating our usage policy.", "invalid_prompt"),
        FILTER,
        "",
    ),
    ("openai", 400, openai("Invalid value for 'content': expected a string, got null.", None, "messages[1]"), BAD, ""),
    ("openai", 400, openai("We could not parse the JSON body of your request."), BAD, ""),
    ("openai", 429, openai(PLAN, "insufficient_quota", kind="insufficient_quota"), QUOTA, ""),
    (
        "openai",
        429,
        openai("Spend limit reached for this organization.", "organization_spend_limit_exceeded"),
        QUOTA,
        "",
    ),
    ("openai", 429, openai("Limit reached for this project.", "project_spend_limit_exceeded"), QUOTA, ""),
    ("openai", 429, openai("Add credits to go on.", "credit_balance_exhausted"), QUOTA, ""),
    ("openai", 400, openai("Billing hard limit has been reached", "billing_hard_limit_reached"), QUOTA, ""),
    (
        "openai",
        429,
        openai("Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000.", "rate_limit_exceeded"),
        THROTTLED,
        "",
    ),
    (
        "openai",
        429,
        openai(
            "Rate limit reached on requests per day (RPD): Limit 200, Used 200. Please try again in 8.64s.",
            "rate_limit_exceeded",
        ),
        THROTTLED,
        "",
    ),
    ("openai", 401, openai("Incorrect API key provided: sk-proj-abcdefgh", "invalid_api_key"), AUTH, ""),
    ("openai", 404, openai("The model `gpt-9` does not exist", "model_not_found"), NOT_FOUND, ""),
    ("openai", 500, openai("The server had an error", None, kind="server_error"), TRANSIENT, ""),
    # Azure
    (
        "azure",
        400,
        openai(
            "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
            "BadRequest",
        ),
        SETTINGS,
        SHAPE,
    ),
    (
        "azure",
        400,
        {
            "error": {
                "code": "content_filter",
                "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management "
                "policy.",
                "param": "prompt",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        FILTER,
        "",
    ),
    (
        "azure",
        400,
        openai("The chatCompletion operation does not work with the specified model, dall-e.", "OperationNotSupported"),
        NOT_FOUND,
        "models.<name>.name",
    ),
    (
        "azure",
        403,
        {"error": {"code": "403", "message": "Out of call volume quota. Quota will be replenished in 05:12:33."}},
        QUOTA,
        "",
    ),
    (
        "azure",
        401,
        {"statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, or expired."},
        AUTH,
        "",
    ),
    (
        "azure",
        429,
        openai("Requests have exceeded call rate limit of your current S0 tier. Retry after 7 seconds.", "429"),
        THROTTLED,
        "",
    ),
    # vLLM
    (
        "vllm",
        400,
        vllm(
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the "
            "messages, 1000 in the completion)."
        ),
        LENGTH,
        "",
    ),
    (
        "vllm",
        400,
        vllm(
            "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 4096 "
            "tokens and your request has 100 input tokens."
        ),
        SETTINGS,
        "reply_tokens",
    ),
    (
        "vllm",
        400,
        vllm(
            "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's maximum context length is 4096 "
            "tokens and your request has 3100 input tokens."
        ),
        LENGTH,
        "",
    ),
    ("vllm", 400, vllm("temperature must be non-negative, got -1.0."), SETTINGS, "without: [temperature]"),
    ("vllm", 400, vllm("The grammar is invalid: unsupported JSON schema feature"), SETTINGS, SHAPE),
    (
        "vllm",
        422,
        pydantic(["body", "best_off"], "Extra inputs are not permitted", "extra_forbidden"),
        SETTINGS,
        "without: [best_off]",
    ),
    ("vllm", 422, pydantic(["body", "messages", 1, "content"], "Field required", "missing"), BAD, ""),
    ("vllm", 404, vllm("The model `qwen` does not exist.", 404), NOT_FOUND, ""),
    # Ollama
    ("ollama", 400, openai('"nomic-embed-text" does not support chat', None), NOT_FOUND, "models.<name>.name"),
    ("ollama", 400, openai("invalid JSON schema in format", None), SETTINGS, SHAPE),
    ("ollama", 404, openai("model 'llama9' not found", None, kind="not_found_error"), NOT_FOUND, ""),
    (
        "ollama",
        400,
        openai("the input length exceeds the context length", None),
        LENGTH,
        "",
    ),
    # LiteLLM
    (
        "litellm",
        400,
        openai("Budget has been exceeded! Current cost: 1.02, Max budget: 1.0", "400", kind="budget_exceeded"),
        QUOTA,
        "",
    ),
    ("litellm", 400, openai("ExceededBudget: User=ana over budget. Spend=2, Budget=1", "400"), QUOTA, ""),
    (
        "litellm",
        400,
        openai(
            "litellm.UnsupportedParamsError: openai does not support parameters: ['temperature'], for model=o3. To "
            "drop these, set `litellm.drop_params=True`",
            "400",
            kind="None",
        ),
        SETTINGS,
        "without: [temperature]",
    ),
    (
        "litellm",
        400,
        openai("/chat/completions: Invalid model name passed in model=foo. Call `/v1/models`.", "400", "None"),
        NOT_FOUND,
        "models.<name>.name",
    ),
    (
        "litellm",
        400,
        openai("litellm.ContextWindowExceededError: litellm.BadRequestError: prompt too long", "400"),
        LENGTH,
        "",
    ),
    (
        "litellm",
        400,
        openai("litellm.ContentPolicyViolationError: litellm.BadRequestError: refused", "400"),
        FILTER,
        "",
    ),
    # Databricks
    (
        "databricks",
        400,
        databricks('Bad request: json: unknown field "frequency_penalty"\n'),
        SETTINGS,
        "without: [frequency_penalty]",
    ),
    (
        "databricks",
        400,
        databricks("Bad request: response_format is not supported for this endpoint.", "INVALID_PARAMETER_VALUE"),
        SETTINGS,
        SHAPE,
    ),
    (
        "databricks",
        429,
        databricks("REQUEST_LIMIT_EXCEEDED: Exceeded workspace input tokens per minute", "REQUEST_LIMIT_EXCEEDED"),
        THROTTLED,
        "",
    ),
    ("databricks", 403, databricks("Invalid access token.", "403"), AUTH, ""),
    (
        "databricks",
        404,
        databricks("The endpoint with name 'x' does not exist.", "RESOURCE_DOES_NOT_EXIST"),
        NOT_FOUND,
        "",
    ),
    # Gemini's OpenAI endpoint
    (
        "gemini",
        429,
        gemini(PLAN, "RESOURCE_EXHAUSTED", 429, quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")),
        QUOTA,
        "",
    ),
    (
        "gemini",
        429,
        gemini(PLAN, "RESOURCE_EXHAUSTED", 429, quota_failure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")),
        THROTTLED,
        "",
    ),
    ("gemini", 429, gemini("Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED", 429), QUOTA, ""),
    (
        "gemini",
        400,
        gemini(
            'Invalid JSON payload received. Unknown name "logit_bias": Cannot find field.',
            "INVALID_ARGUMENT",
        ),
        SETTINGS,
        "without: [logit_bias]",
    ),
    (
        "gemini",
        400,
        gemini(
            "API key not valid. Please pass a valid API key.",
            "INVALID_ARGUMENT",
            400,
            [{"reason": "API_KEY_INVALID"}],
        ),
        AUTH,
        "",
    ),
    (
        "gemini",
        400,
        gemini("The input token count (1200000) exceeds the maximum number of tokens allowed.", "INVALID_ARGUMENT"),
        LENGTH,
        "",
    ),
    ("gemini", 400, gemini("Request contains an invalid argument.", "INVALID_ARGUMENT"), BAD, ""),
    # Anthropic's OpenAI endpoint, and its own form
    (
        "anthropic",
        400,
        anthropic("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."),
        QUOTA,
        "",
    ),
    (
        "anthropic",
        400,
        anthropic("You have reached your specified API usage limits. You will regain access on 2027-01-01."),
        QUOTA,
        "",
    ),
    ("anthropic", 402, anthropic("There is an issue with your billing.", "billing_error"), QUOTA, ""),
    (
        "anthropic",
        400,
        anthropic("`temperature` and `top_p` cannot both be specified for this model. Please use only one."),
        SETTINGS,
        "without: [temperature]",
    ),
    ("anthropic", 400, anthropic("top_k: Extra inputs are not permitted"), SETTINGS, "without: [top_k]"),
    ("anthropic", 400, anthropic("max_tokens: 99999 > 8192, which is the maximum allowed"), SETTINGS, "reply_tokens"),
    ("anthropic", 400, anthropic("prompt is too long: 210000 tokens > 200000 maximum"), LENGTH, ""),
    ("anthropic", 400, anthropic("Output blocked by content filtering policy"), FILTER, ""),
    ("anthropic", 413, anthropic("Request exceeds the maximum size", "request_too_large"), LENGTH, ""),
    ("anthropic", 529, anthropic("Overloaded", "overloaded_error"), TRANSIENT, ""),
    # Others that speak the same protocol
    ("openrouter", 402, openai("Insufficient credits. Add more.", 402), QUOTA, ""),
    ("openrouter", 403, openai("Key limit exceeded (total limit).", 403), QUOTA, ""),
    (
        "openrouter",
        403,
        openai("Your chosen model requires moderation and your input was flagged.", 403),
        FILTER,
        "",
    ),
    (
        "xai",
        403,
        {"code": "permission-denied", "error": "Your team has either used all available credits or reached its limit."},
        QUOTA,
        "",
    ),
    ("deepseek", 402, openai("Insufficient Balance", "invalid_request_error"), QUOTA, ""),
    ("mistral", 422, pydantic(["body", "seed"], "Extra inputs are not permitted", "extra_forbidden"), SETTINGS, "seed"),
    ("proxy", 413, "<html><head><title>413 Request Entity Too Large</title></head></html>", BAD, ""),
    ("proxy", 400, "", BAD, ""),
    ("proxy", 503, "<html>upstream is gone</html>", TRANSIENT, ""),
]
