//! Which names are AI, whose, and which are not.

use crate::{
    Catalogue,
    Kind::{self, AgentTool, Api, Cdn, CloudAi, CodingAssistant, Gateway, ModelHub, Telemetry, WebApp},
};

/// Name, vendor, service, kind.
#[rustfmt::skip] // one name a line
const LISTED: &[(&str, &str, &str, Kind)] = &[
    // OpenAI
    ("api.openai.com", "OpenAI", "OpenAI API", Api),
    ("eu.api.openai.com", "OpenAI", "OpenAI API", Api),
    ("eastus2.privatelink.api.openai.com", "OpenAI", "OpenAI API", Api),
    ("chatgpt.com", "OpenAI", "ChatGPT", WebApp),
    ("ws.chatgpt.com", "OpenAI", "ChatGPT", WebApp),
    ("ab.chatgpt.com", "OpenAI", "ChatGPT", WebApp),
    ("ios.chat.openai.com", "OpenAI", "ChatGPT", WebApp),
    ("sora.chatgpt.com", "OpenAI", "Sora", WebApp),
    ("platform.openai.com", "OpenAI", "OpenAI Platform", WebApp),
    ("files.oaiusercontent.com", "OpenAI", "Static content", Cdn),
    ("o33249.ingest.sentry.io", "OpenAI", "Telemetry", Telemetry),
    // Anthropic
    ("api.anthropic.com", "Anthropic", "Claude API", Api),
    ("mcp-proxy.anthropic.com", "Anthropic", "Claude API", Api),
    ("claude.ai", "Anthropic", "Claude", WebApp),
    ("bridge.claudeusercontent.com", "Anthropic", "Claude in Chrome", WebApp),
    ("downloads.claude.ai", "Anthropic", "Static content", Cdn),
    ("console.anthropic.com", "Anthropic", "Claude Console", WebApp),
    ("platform.claude.com", "Anthropic", "Claude Console", WebApp),
    ("www.anthropic.com", "Anthropic", "Anthropic website", WebApp),
    ("aws-external-anthropic.us-east-1.api.aws", "Anthropic", "Claude Platform on AWS", CloudAi),
    ("statsig.anthropic.com", "Anthropic", "Telemetry", Telemetry),
    // Google
    ("generativelanguage.googleapis.com", "Google", "Gemini API", Api),
    ("gemini.google.com", "Google", "Gemini", WebApp),
    ("aistudio.google.com", "Google", "Google AI Studio", WebApp),
    ("notebooklm.google.com", "Google", "NotebookLM", WebApp),
    ("jules.google.com", "Google", "Jules", CodingAssistant),
    ("cloudcode-pa.googleapis.com", "Google", "Gemini Code Assist", CodingAssistant),
    ("antigravity.google", "Google", "Antigravity", CodingAssistant),
    ("aiplatform.googleapis.com", "Google", "Vertex AI (model not visible)", CloudAi),
    ("europe-west4-aiplatform.googleapis.com", "Google", "Vertex AI (model not visible)", CloudAi),
    ("aiplatform.eu.rep.googleapis.com", "Google", "Vertex AI (model not visible)", CloudAi),
    ("1234.us-central1-5678.prediction.vertexai.goog", "Google", "Vertex AI (model not visible)", CloudAi),
    // Microsoft
    ("copilot.microsoft.com", "Microsoft", "Microsoft Copilot (consumer)", WebApp),
    ("sydney.bing.com", "Microsoft", "Microsoft Copilot", WebApp),
    ("copilot.cloud.microsoft", "Microsoft", "Microsoft 365 Copilot", WebApp),
    ("acme.openai.azure.com", "Microsoft", "Azure OpenAI", CloudAi),
    ("acme.openai.azure.us", "Microsoft", "Azure OpenAI", CloudAi),
    ("acme.services.ai.azure.com", "Microsoft", "Azure AI Foundry", CloudAi),
    ("phi.eastus2.models.ai.azure.com", "Microsoft", "Azure AI Foundry", CloudAi),
    ("models.inference.ai.azure.com", "Microsoft", "Azure AI Foundry", CloudAi),
    ("acme.cognitiveservices.azure.com", "Microsoft", "Azure AI services (model not visible)", CloudAi),
    // GitHub: the host tells the plan
    ("api.githubcopilot.com", "GitHub", "GitHub Copilot", CodingAssistant),
    ("api.individual.githubcopilot.com", "GitHub", "GitHub Copilot Individual", CodingAssistant),
    ("proxy.business.githubcopilot.com", "GitHub", "GitHub Copilot Business", CodingAssistant),
    ("api.enterprise.githubcopilot.com", "GitHub", "GitHub Copilot Enterprise", CodingAssistant),
    ("copilot-api.acme.ghe.com", "GitHub", "GitHub Copilot Enterprise", CodingAssistant),
    ("telemetry.business.githubcopilot.com", "GitHub", "Telemetry", Telemetry),
    ("copilot-proxy.githubusercontent.com", "GitHub", "GitHub Copilot", CodingAssistant),
    ("models.github.ai", "GitHub", "GitHub Models", Api),
    // Amazon
    ("bedrock-runtime.us-east-1.amazonaws.com", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("bedrock-runtime.eu-central-1.api.aws", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("bedrock-runtime.eusc-de-east-1.amazonaws.eu", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("bedrock-mantle.us-west-2.api.aws", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("vpce-0a1b-c2d3.bedrock-runtime.us-east-1.vpce.amazonaws.com", "Amazon Web Services", "Amazon Bedrock", CloudAi),
    ("bedrock.us-east-1.amazonaws.com", "Amazon Web Services", "Amazon Bedrock control plane", CloudAi),
    ("bedrock-agentcore.us-east-1.amazonaws.com", "Amazon Web Services", "Amazon Bedrock AgentCore", CloudAi),
    ("q.us-east-1.amazonaws.com", "Amazon Web Services", "Amazon Q Developer", CodingAssistant),
    ("codewhisperer.us-east-1.amazonaws.com", "Amazon Web Services", "Amazon Q Developer", CodingAssistant),
    ("qbusiness.us-east-1.api.aws", "Amazon Web Services", "Amazon Q Business", WebApp),
    ("nova-act.us-east-1.amazonaws.com", "Amazon Web Services", "Amazon Nova Act", CloudAi),
    ("wisdom.eu-central-1.amazonaws.com", "Amazon Web Services", "Amazon Q in Connect", CloudAi),
    ("data.qapps.us-west-2.amazonaws.com", "Amazon Web Services", "Amazon Q Business", WebApp),
    // Others, one of each kind
    ("api.mistral.ai", "Mistral AI", "Mistral AI API", Api),
    ("api.deepseek.com", "DeepSeek", "DeepSeek API", Api),
    ("openrouter.ai", "OpenRouter", "OpenRouter", Gateway),
    ("gateway.ai.cloudflare.com", "Cloudflare", "Cloudflare AI Gateway", Gateway),
    ("api2.cursor.sh", "Cursor", "Cursor", CodingAssistant),
    ("api.x.ai", "xAI", "xAI API", Api),
    ("inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com", "Oracle", "OCI Generative AI", CloudAi),
    ("eu-de.ml.cloud.ibm.com", "IBM", "watsonx.ai Runtime", CloudAi),
    ("huggingface.co", "Hugging Face", "Hugging Face Hub", ModelHub),
    ("cdn-lfs-us-1.hf.co", "Hugging Face", "Hugging Face Hub", ModelHub),
    ("router.huggingface.co", "Hugging Face", "Inference Providers", Api),
    ("api.tavily.com", "Tavily", "Tavily", AgentTool),
    ("api.smith.langchain.com", "LangChain", "LangSmith", Telemetry),
];

/// Look like a listed name, or lie beside one.
const NOT_LISTED: &[&str] = &[
    "notopenai.com",
    "openai.com.evil.net",
    "api.openai.com.evil.net",
    "xapi.anthropic.com.",
    "evilclaude.ai",
    "com",
    "ai",
    "",
    ".",
    "status.openai.com",
    "docs.anthropic.com",
    "aiplatform.googleapis.com.evil.net",
    "europe-west4.aiplatform.googleapis.com",
    "-aiplatform.googleapis.com",
    "fonts.googleapis.com",
    "cognitiveservices.azure.com",
    "a.b.cognitiveservices.azure.com",
    "azure.com",
    "bedrock-runtime.amazonaws.com",
    "bedrock-runtime.us-east-1.s3.amazonaws.com",
    "notbedrock-runtime.us-east-1.amazonaws.com",
    "acme.ghe.com",
    "example.com",
    "localhost",
];

#[test]
fn listed_names_have_vendor_service_and_kind() {
    let catalogue = Catalogue::builtin();
    for (name, vendor, service, kind) in LISTED {
        let found = catalogue
            .lookup(name)
            .unwrap_or_else(|| panic!("{name} is not listed"));
        assert_eq!(
            (found.vendor_name(), found.service_name(), found.kind()),
            (*vendor, *service, *kind),
            "{name}"
        );
    }
}

#[test]
fn similar_and_neighbouring_names_are_not_listed() {
    let catalogue = Catalogue::builtin();
    for name in NOT_LISTED {
        // `xapi.anthropic.com` is a host of the vendor's own domain, but not of its API.
        let found = catalogue
            .lookup(name)
            .filter(|found| found.service_name() != "Anthropic website");
        assert!(found.is_none(), "{name} matches {}", found.unwrap().host());
    }
}

#[test]
fn the_names_that_must_stay_out_stay_out() {
    let catalogue = Catalogue::builtin();
    let rules = crate::lint::Rules::shipped().unwrap();
    assert!(rules.domains.never.hosts.len() > 100);
    for name in &rules.domains.never.hosts {
        assert!(
            catalogue.lookup(name).is_none(),
            "{name} matches {}",
            catalogue.lookup(name).unwrap().host()
        );
    }
}

#[test]
fn case_and_a_trailing_dot_do_not_matter() {
    let catalogue = Catalogue::builtin();
    assert_eq!(
        catalogue.lookup("API.OpenAI.com.").unwrap().service_name(),
        "OpenAI API"
    );
    assert!(catalogue.lookup("api.openai.com..").is_none());
}

#[test]
fn the_plan_shows() {
    let catalogue = Catalogue::builtin();
    let plan = |name| catalogue.lookup(name).unwrap().service.plan.as_deref();
    assert_eq!(plan("api.individual.githubcopilot.com"), Some("individual"));
    assert_eq!(plan("api.business.githubcopilot.com"), Some("business"));
    assert_eq!(plan("api.githubcopilot.com"), None);
    for (personal, other) in [
        ("copilot.microsoft.com", "m365.cloud.microsoft"),
        ("api-free.deepl.com", "api.deepl.com"),
        (
            "coding-intl.dashscope.aliyuncs.com",
            "dashscope-intl.aliyuncs.com",
        ),
    ] {
        assert_eq!((plan(personal), plan(other)), (Some("individual"), None));
    }
}

#[test]
fn vendors_are_known_by_name_and_alias() {
    let catalogue = Catalogue::builtin();
    let vendor = catalogue.vendor("openai").unwrap();
    assert_eq!(vendor.headquarters.to_string(), "US");
    assert!(vendor.headquarters.source().is_some());
    assert_eq!(catalogue.vendor("aws").unwrap().name, "Amazon Web Services");
    assert_eq!(catalogue.vendor("Aider Nonesuch"), None);
}
