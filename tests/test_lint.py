"""Lint over the styles of public notebooks: each snippet states exactly what is found, by rule name, cell and line."""
import json
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from pilot_to_prod.notebook.lint import RULES, lint, sarif
from pilot_to_prod.notebook.rules import Subject, example_source

P, D, U, S, T, C, X = 'P001', 'P002', 'P003', 'P004', 'P005', 'P006', 'P007'
SHOWN = (P, D, U, S, T, C, X)

SDKS = {
    'openai': ('''
from openai import OpenAI as Client
c = Client()
# %%
def ask(q, model="gpt-4o"):
    r = c.chat.completions.create(
        model=model,
        messages=[{"role": "system", "content": "Sort the letter into one queue."}, {"role": "user", "content": q}])
    return r.choices[0].message.content
# %%
ask("hello there, my card is gone")''', {P: [(2, 4)], D: [(2, 2)], U: [(2, 1)], T: [(2, 2)]}),
    'openai before 1.0': ('''
import openai
r = openai.Completion.create(engine="text-davinci-003", prompt="Write a poem about trains", request_timeout=5)
s = r.choices[0].text.split("\\n")''', {P: [(1, 2)], D: [(1, 2)], C: [(1, 3)]}),
    'azure': ('''
from openai import AzureOpenAI
az = AzureOpenAI(azure_endpoint=e, api_version="2024-02-01", timeout=10)
r = az.chat.completions.create(model="my-deployment", messages=msgs)''', {D: [(1, 3)]}),
    'responses': ('''
import openai
c = openai.OpenAI(timeout=3)
with c.responses.stream(model="gpt-4.1", input="Tell me a long story about rivers") as s:
    for e in s: print(e)''', {P: [(1, 3)], D: [(1, 3)], U: [(1, 3)]}),
    'anthropic': ('''
import anthropic
client = anthropic.AsyncAnthropic()
async def go(text):
    async with client.messages.stream(model="claude-sonnet-4-5", system=[{"type": "text", "text": "You sort letters briefly."}], messages=text) as s:
        return await s.get_final_text()
import asyncio, json
data = json.loads(asyncio.run(go(letter)))''', {P: [(1, 4)], D: [(1, 4)], U: [(1, 4)], T: [(1, 4)], C: [(1, 7)]}),
    'gemini old': ('''
import google.generativeai as genai
m = genai.GenerativeModel(model_name="gemini-1.5-flash", system_instruction="Answer as a friendly clerk.")
chat = m.start_chat(history=[])
r = chat.send_message(question, request_options={"timeout": 9})''', {P: [(1, 2)], D: [(1, 4)], U: [(1, 2)]}),
    'gemini new': ('''
from google import genai
c = genai.Client(api_key=key)
r = c.models.generate_content(model="gemini-2.0-flash", contents=["Describe the picture in two lines", picture])
v = c.models.embed_content(model="text-embedding-004", contents=x)''', {P: [(1, 3)], D: [(1, 3), (1, 4)], U: [(1, 3)], T: [(1, 3), (1, 4)]}),
    'cohere': ('''
import cohere
co = cohere.ClientV2(key, timeout=20)
co.chat(model="command-r", messages=[{"role": "user", "content": f"Summarise this for a judge: {case}"}])
co.embed(texts=t, model="embed-english-v3.0")''', {P: [(1, 3)], D: [(1, 3), (1, 4)], U: [(1, 3)]}),
    'mistral': ('''
from mistralai import Mistral
with Mistral(api_key=k) as m:
    r = m.chat.complete(model="mistral-small-latest", messages=[{"role": "user", "content": "Name three rivers in Norway"}])''', {P: [(1, 3)], D: [(1, 3)],
        U: [(1, 3)], T: [(1, 3)]}),
    'together, groq': ('''
from together import Together
from groq import Groq
for c in (Together(), Groq(timeout=4)):
    c.chat.completions.create(model="meta-llama/Llama-3-8b-chat-hf", messages=turns)''', {D: [(1, 4)], T: [(1, 4)]}),
    'ollama': ('''
from ollama import Client
c = Client(host="http://gpu-box:11434", timeout=60)
r = c.generate(model="phi3", prompt=text)
print(eval(r["response"]))''', {D: [(1, 3)], U: [(1, 3)], X: [(1, 4)]}),
    'litellm': ('''
import litellm
litellm.request_timeout = 20
out = litellm.completion(model="claude-3-opus-latest", messages=[{"role": "user", "content": text}])
import re
n = re.findall(r"\\d+", out.choices[0].message.content)''', {D: [(1, 3)], U: [(1, 3)], C: [(1, 5)]}),
    'langchain pipe': ('''
from langchain_openai import ChatOpenAI
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.output_parsers import StrOutputParser
prompt = ChatPromptTemplate.from_messages([
    ("system", "You translate contracts into plain words."),
    ("human", "{text}")])
chain = prompt | ChatOpenAI(model="gpt-4o-mini", timeout=9) | StrOutputParser()
# %%
a = chain.invoke({"text": "the party of the first part"})
b = a.split(";")''', {P: [(1, 5)], D: [(2, 1)], U: [(1, 7)], C: [(2, 2)]}),
    'langchain init_chat_model': ('''
from langchain.chat_models import init_chat_model
llm = init_chat_model("gpt-4o", model_provider="openai")
s = llm.with_structured_output(Answer)
x = s.invoke("Who wrote the Kalevala and when?")
x.author.split(" ")''', {P: [(1, 4)], D: [(1, 4)], U: [(1, 2)], T: [(1, 4)]}),
    'langchain agent': ('''
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
agent = create_react_agent(ChatOpenAI(model="gpt-4o-2024-08-06", timeout=5), tools=[search])
agent.invoke({"messages": [("user", "what is the weather in Oslo")]})''', {D: [(1, 4)]}),
    'llama_index': ('''
from llama_index.core import VectorStoreIndex, Settings
from llama_index.llms.openai import OpenAI
Settings.llm = OpenAI(model="gpt-4", timeout=9)
engine = VectorStoreIndex.from_documents(docs).as_query_engine()
print(engine.query("How long is the warranty?"))
print(Settings.llm.complete("Write one line about warranties"))''', {P: [(1, 6)], D: [(1, 5), (1, 6)], U: [(1, 3)], T: [(1, 5)]}),
    'dspy module': ('''
import dspy
dspy.configure(lm=dspy.LM("openai/gpt-4o-mini-2024-07-18", timeout=9))
class Sort(dspy.Module):
    def __init__(self):
        self.step = dspy.ChainOfThought("letter -> queue")
    def forward(self, letter):
        return self.step(letter=letter)
print(Sort()(letter="I lost my card"))''', {D: [(1, 7)], T: [(1, 7)]}),
    'instructor': ('''
import instructor
client = instructor.from_provider("openai/gpt-4o-mini", timeout=9)
t = client.chat.completions.create(response_model=Ticket, messages=[{"role": "user", "content": text}])
t.queue.split("-")''', {D: [(1, 3)], U: [(1, 2)]}),
    'huggingface': ('''
from huggingface_hub import InferenceClient
c = InferenceClient("mistralai/Mistral-7B-Instruct-v0.3", timeout=30)
a = c.text_generation("Explain a mortgage to a child", max_new_tokens=40)
b = c.chat_completion(messages=turns)''', {P: [(1, 3)], D: [(1, 3), (1, 4)]}),
    'transformers': ('''
from transformers import AutoModelForCausalLM, AutoTokenizer
tok = AutoTokenizer.from_pretrained("gpt2"); m = AutoModelForCausalLM.from_pretrained("gpt2")
ids = tok("The meaning of life is", return_tensors="pt")
out = m.generate(**ids)''', {P: [(1, 3)]}),
    'bedrock': ('''
import boto3, json
from botocore.config import Config
b = boto3.client("bedrock-runtime", config=Config(read_timeout=20))
r = b.invoke_model(modelId="anthropic.claude-3-sonnet-20240229-v1:0", body=json.dumps({"prompt": "List the claims in this letter: " + letter}))
body = json.loads(r["body"].read())
text = body["content"][0]["text"]
claims = json.loads(text)''', {P: [(1, 4)], D: [(1, 4)], C: [(1, 7)]}),
    'sagemaker': ('''
import boto3
rt = boto3.client("sagemaker-runtime")
r = rt.invoke_endpoint(EndpointName="llm", Body=payload)''', {D: [(1, 3)], T: [(1, 3)]}),
    'http session': ('''
import requests
BASE = "https://api.mistral.ai"
s = requests.Session()
def call(body): return s.post(f"{BASE}/v1/chat/completions", json=body).json()
call({"model": "mistral-tiny", "messages": []})
rows = requests.get("https://example.com/rows.json").json()''', {D: [(1, 4)], U: [(1, 5)], T: [(1, 4)]}),
    'urllib, vllm server': ('''
import urllib.request, json
req = urllib.request.Request("http://127.0.0.1:8000/v1/completions", data=json.dumps({"prompt": "Say hello to the board", "model": "m"}).encode())
with urllib.request.urlopen(req, timeout=9) as f: print(json.load(f))''', {P: [(1, 2)], D: [(1, 3)]}),
    'curl': ('''
!curl -s https://api.openai.com/v1/chat/completions -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -d '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Translate this to Danish please"}]}'
# %%
%%bash
curl --max-time 9 http://localhost:11434/api/generate -d '{"model": "llama3", "prompt": "Why is the sky blue"}'
# %%
!pip install openai
!curl -O https://example.com/data.zip''', {P: [(1, 2), (2, 2)], D: [(1, 1), (2, 2)], U: [(1, 2), (2, 2)], T: [(1, 1)]}),
    'class with client': ('''
import openai
class Bot:
    PROMPT = "You answer for the parcel service. Be brief."
    def __init__(self, key):
        self.client = openai.OpenAI(api_key=key)
        self.history = [{"role": "system", "content": self.PROMPT}]
    def say(self, text):
        self.history.append({"role": "user", "content": text})
        r = self.client.chat.completions.create(model="gpt-4o-2024-08-06", messages=self.history)
        return r.choices[0].message.content
# %%
bot = Bot(key)
exec(bot.say("write me a loop"))''', {P: [(1, 3)], D: [(1, 9)], T: [(1, 9)], X: [(2, 2)]}),
    'template and kwargs': ('''
from string import Template
import openai, os
KW = dict(model=os.getenv("MODEL", "gpt-4o-mini"), timeout=9)
T = Template("Rewrite this letter for a child of ten: $letter")
r = openai.chat.completions.create(messages=[dict(role="user", content=T.substitute(letter=x))], **KW)''', {P: [(1, 4)], D: [(1, 5)], U: [(1, 3)]}),
    'prompt in branches': ('''
import openai
c = openai.OpenAI(timeout=1)
if lang == "en": p = "Answer the question in English: "
else: p = "Beantworte die Frage auf Deutsch: "
c.chat.completions.create(model=m, messages=[{"role": "user", "content": p + q}])''', {P: [(1, 3), (1, 4)], D: [(1, 5)]}),
    'client as argument, retried': ('''
from tenacity import retry
@retry
def ask(client, q):
    return client.messages.create(model="claude-3-haiku-20240307", max_tokens=5, messages=q)''', {D: [(1, 4)], T: [(1, 4)]}),
    'executor map': ('''
import openai, json
from concurrent.futures import ThreadPoolExecutor
c = openai.OpenAI(timeout=9)
def one(t): return c.chat.completions.create(model=m, messages=t).choices[0].message.content
with ThreadPoolExecutor(4) as ex: outs = list(ex.map(one, rows))
parsed = [json.loads(o) for o in outs]''', {D: [(1, 4)], C: [(1, 6)]}),
    'dataframe column': ('''
import openai, pandas as pd
c = openai.OpenAI(timeout=9)
df["out"] = df["text"].apply(lambda t: c.chat.completions.create(model=m, messages=t).choices[0].message.content)
df["code"] = df["out"].str.extract(r"(\\d+)")
df["text"].str.split(",")''', {D: [(1, 3)], C: [(1, 4)]}),
    'checked': ('''
import openai, json, jsonschema
from pydantic import BaseModel
from enum import Enum
class A(BaseModel): x: int
class Q(Enum): A = "a"
c = openai.OpenAI(timeout=9)
t = c.chat.completions.create(model=m, messages=x).choices[0].message.content
a = A.model_validate_json(t)
b = A(**json.loads(t))
d = json.loads(t); jsonschema.validate(d, schema)
q = Q(t.split(":")[0])
w = len(t.split())''', {D: [(1, 7)]}),
    'sql and paths': ('''
import openai, sqlite3, subprocess
from pathlib import Path
con = sqlite3.connect("a.db"); cur = con.cursor()
c = openai.OpenAI(timeout=9)
t = c.chat.completions.create(model=m, messages=x).choices[0].message.content
cur.execute(f"select * from a where b = '{t}'")
cur.execute("select * from a where b = ?", (t,))
Path("out.txt").write_text(t)
(Path("out") / t).write_text("x")
subprocess.run(["ls", t])
df.query("a > 1")''', {D: [(1, 5)], X: [(1, 6), (1, 9), (1, 10)]}),
    'not a model': ('''
import requests, twilio.rest, re, json
c = twilio.rest.Client(a, b)
c.messages.create(to=x, from_=y, body="Please call us back about your parcel")
r = requests.get("https://example.com/rows", timeout=3)
rows = json.loads(r.text); names = r.text.split(",")
con.execute(f"select {rows}")
HELP = "Please fill in the form and return it before Friday."
print("You are an early bird, answer only in JSON")''', {}),
    'syntax error': ('''
import openai
c = openai.OpenAI()
x = = 3
c.chat.completions.create(model=m, messages=t)''', {D: [(1, 4)], T: [(1, 4)]}),
    'written file': ('''
%%writefile app.py
import openai
MODEL = "gpt-4"
def f(q): return openai.chat.completions.create(model=MODEL, messages=q)''', {D: [(1, 4)], U: [(1, 3)], T: [(1, 4)]}),
    'cells out of order': ('''
# %% [2]
r = client.chat.completions.create(model="gpt-4o", messages=m)
# %% [1]
from openai import OpenAI
client = OpenAI(timeout=3)''', {D: [(1, 1)], U: [(1, 1)]}),
    'assistants': ('''
from openai import OpenAI
c = OpenAI(timeout=3)
a = c.beta.assistants.create(model="gpt-4o", instructions="You help with tax forms.")
run = c.beta.threads.runs.create_and_poll(thread_id=t.id, assistant_id=a.id)''', {P: [(1, 3)], D: [(1, 4)], U: [(1, 3)]}),
    'chinese': ('''
import openai
openai.OpenAI(timeout=1).chat.completions.create(model="deepseek-chat", messages=[{"role": "system", "content": "你是一名客服，请把信件分类。"}])''',
                {P: [(1, 2)], D: [(1, 2)], U: [(1, 2)]}),
    'turns appended': ('''
from openai import OpenAI
client = OpenAI(timeout=9)
def request(messages): return client.chat.completions.create(model="gpt-4o-2024-08-06", messages=messages)
messages = []
messages.append({"role": "system", "content": "Ask for clarification when a request is unclear."})



messages.append({"role": "user", "content": "What is the weather like in my town today"})
# %%
r = request(messages)''', {P: [(1, 5)], D: [(1, 3)]}),
    'function handed over': ('''
from openai import OpenAI
import asyncio
client = OpenAI(timeout=9)
r = await asyncio.to_thread(client.chat.completions.create, model="gpt-4o", messages=m)
f = executor.submit(client.embeddings.create, model="text-embedding-3-small", input="a text about rivers")''', {D: [(1, 4), (1, 5)], U: [(1, 4)]}),
    'picture': ('''
from openai import OpenAI
client = OpenAI(timeout=9)
url = client.images.generate(model="dall-e-3", prompt="A bank branch in the snow, watercolour").data[0].url
import requests
requests.get(url, timeout=4)''', {P: [(1, 3)], D: [(1, 3)]}),
    'system parameter and variable': ('''
from anthropic import Anthropic
RULES = "Only answer questions about parcels. Be polite."
Anthropic(timeout=3).messages.create(model="m", system=RULES, messages=[{"role": "user", "content": f"The customer asks: {q}"}])''',
                                       {P: [(1, 2), (1, 3)], D: [(1, 3)]}),
    'questions to a helper with its own prompt': ('''
from openai import OpenAI
client = OpenAI(timeout=3)
SYSTEM = open("system.txt").read()
def ask(q):
    return client.chat.completions.create(model="m", messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": q}])
ask("How long does a parcel take to Oslo?")
for q in ["Where is my parcel today?", "Can I change the address now?"]: print(ask(q))''', {D: [(1, 5)]}),
    'python 2': ('''
import urllib2, json
def ask(q):
    try:
        req = urllib2.Request("https://api.openai.com/v1/engines/davinci/completions", json.dumps({"prompt": u"Translate to French: " + q}))
        return json.loads(urllib2.urlopen(req).read())["choices"][0]["text"]
    except urllib2.HTTPError, e:
        print e
print ask("cheese").split()''', {P: [(1, 4)], D: [(1, 5)], T: [(1, 5)], C: [(1, 8)]}),
    'tool arguments': ('''
from openai import OpenAI
import json
client = OpenAI(timeout=9)
def save(path, text): open(path, "w").write(text)
TOOLS = {"save": save}
call = client.chat.completions.create(model=m, messages=x, tools=t).choices[0].message.tool_calls[0]
TOOLS[call.function.name](**json.loads(call.function.arguments))''', {D: [(1, 6)], C: [(1, 7)], X: [(1, 4)]}),
    'prompts by name': ('''
from openai import OpenAI
client = OpenAI(timeout=9)
STYLES = {"formal": "Write the letter in a formal tone: ",
          "short": "Write the letter in three lines: "}
def write(style, facts):
    return client.chat.completions.create(model=m, messages=[{"role": "user", "content": STYLES[style] + facts}])''', {P: [(1, 3), (1, 4)], D: [(1, 6)]}),
    'a written program is run': ('''
from openai import OpenAI
code = OpenAI(timeout=3).responses.create(model=m, input=x).output_text
with open("job.py", "w") as f: f.write(code)
# %%
!python job.py
# %%
%run other.py''', {D: [(1, 2)], X: [(2, 1)]}),
    'magic that asks': ('''
%%ai openai-chat:gpt-4o
Write a haiku about parcels that arrive late''', {P: [(1, 2)], D: [(1, 1)], U: [(1, 1)], T: [(1, 1)]}),
    'a short one': ('''
import anthropic
anthropic.Anthropic(timeout=1).messages.create(model="claude-3-haiku-20240307", messages=[{"role": "user", "content": "Hello!"}])''', {P: [(1, 2)], D: [(1,
    2)]}),
    'converse': ('''
import boto3
b = boto3.client("bedrock-runtime")
r = b.converse(modelId="amazon.nova-lite-v1:0", system=[{"text": "You read claims."}], messages=[{"role": "user", "content": [{"text": claim}]}])
kind = r["output"]["message"]["content"][0]["text"].splitlines()[0]''', {P: [(1, 3)], D: [(1, 3)], T: [(1, 3)], C: [(1, 4)]}),
    'parallel retriever chain': ('''
from langchain_openai import ChatOpenAI
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
T = """Answer from the context only.
{context}
Question: {question}"""
chain = ({"context": retriever, "question": RunnablePassthrough()} | ChatPromptTemplate.from_template(T) | ChatOpenAI(model="gpt-4-0613"))
print(chain.invoke("What is covered abroad?").content)''', {P: [(1, 4)], D: [(1, 8)], T: [(1, 8)]}),
    'keys': ('''
import os
os.environ["AZURE_OPENAI_KEY"] = "9f3b2c7d8e1a4b6c9d0e2f4a6b8c1d3e"
headers = {"x-api-key": "Zx81kQpLm20vBnRtYw77"}
aws_secret_access_key = "wJk9rXUtn/K7MDpNG/bPxRfiCYzQmLkEy8aB"
COHERE_KEY = "qWmZtRbYxLpKjHgFdSaNvCuIoWeQzXc"
primary_key = "customer_number_1"
cache_key = "prompt_v2_2024"
# %%
%%bash
export HF_TOKEN=hf_qZ8mTyBvKwLrPxNcUdJeGhFs''', {S: [(1, 2), (1, 3), (1, 4), (1, 5), (2, 2)]}),
    'whole prompts through a helper': ('''
from openai import OpenAI
client = OpenAI(timeout=9)
def ask(prompt, system="You are a helpful assistant."):
    return client.chat.completions.create(model=m, messages=[{"role": "system", "content": system}, {"role": "user", "content": prompt}])
ask("I lost my card on the bus this morning, what now?")
ask(f"Summarize the complaint below in two lines for the board: {complaint}")''', {P: [(1, 3), (1, 6)], D: [(1, 4)]}),
    'joined paths and a shared tail': ('''
from openai import OpenAI
import os
client = OpenAI(timeout=9)
TAIL = "Answer in Danish, in two sentences."
A = "Explain the bill to the customer. " + TAIL
B = "Explain the delay to the customer. " + TAIL
name = client.responses.create(model=m, input=A).output_text
text = client.responses.create(model=m, input=B).output_text
open(os.path.join("out", name), "w").write(text)
os.system("curl https://api.openai.com/v1/chat/completions -d @body.json")''', {P: [(1, 5), (1, 6)], D: [(1, 7), (1, 8), (1, 10)], T: [(1, 10)], X: [(1, 9)]}),
    'pydantic_ai, crewai': ('''
from pydantic_ai import Agent
a = Agent("openai:gpt-4o", system_prompt="Be concise and polite.")
r = a.run_sync("hello")
from crewai import Agent as Worker, Crew, Task
w = Worker(role="clerk", goal="Sort the letters quickly", backstory="You know all queues.")
Crew(agents=[w], tasks=[]).kickoff()''', {P: [(1, 2), (1, 5)], D: [(1, 3), (1, 6)], U: [(1, 2)], T: [(1, 3), (1, 6)]}),
}


def found(text, codes=SHOWN):
    subject = Subject(example_source(text))
    return {c: sorted({(h.cell, h.line) for h in RULES[c].find(subject)}) for c in codes if list(RULES[c].find(subject))}


@pytest.mark.parametrize('name', SDKS)
def test_styles(name):
    text, wanted = SDKS[name]
    assert found(text) == wanted


@pytest.mark.parametrize('code', sorted(RULES))
def test_pages(code):
    """The bad example is found by its own rule, the good one by none (an ignored finding counts as none)."""
    rule = RULES[code]
    assert code in found(rule.bad, [code])
    silent = found(rule.good, [c for c in RULES if not (code == 'P000' and c == P)])
    assert silent == ({U: [(1, 1)]} if code == 'P000' else {})


def notebook(path, *cells, **more):
    rows = [dict(cell_type='code', metadata={}, source=c, execution_count=None, outputs=[]) for c in cells]
    path.write_text(json.dumps(dict(nbformat=4, nbformat_minor=5, metadata={}, cells=rows) | more))
    return path


def test_ignores_need_a_reason_and_a_cause(tmp_path):
    report = lint(notebook(tmp_path/'a.ipynb', 'model = "gpt-4o"  # pilot: ignore[P003] no dated id', 'model = "gpt-4o"  # pilot: ignore[P003]',
                           '# pilot: ignore[unpinned-model] comparison of aliases\nmodels = ["gpt-4o",\n\n "gpt-4"]', '# pilot: ignore[P007] old\nx = 1',
                           's = "# pilot: ignore[P003] a text"', '# pilot: ignore[P003] above\nmodel = "gpt-4"'))
    assert [(f.cell, f.line) for f in report.ignored] == [(1, 1), (3, 2), (3, 4), (6, 2)]
    assert [(f.code, f.cell) for f in report.findings] == [('P000', 2), ('P003', 2), ('P013', 4)]


def test_nothing_is_executed(tmp_path):
    mark = tmp_path/'ran'
    lint(notebook(tmp_path/'a.ipynb', f'open({str(mark)!r}, "w").write("x")', f'!touch {mark}', f'%run {mark}'))
    assert not mark.exists()


def test_a_secret_and_a_person_are_never_printed(tmp_path):
    key, mail = 'sk-ant-' + 'qZ8mTyBvKwLr' * 3, 'ebba.rosen@postlada-nord.se'
    rows = [dict(cell_type='code', metadata={}, source=f'k = "{key}"', execution_count=1, outputs=[dict(output_type='stream', name='stdout', text=mail)])]
    path = notebook(tmp_path/'a.ipynb', cells=rows)
    report = lint(path)
    assert {f.code for f in report.findings} == {'P004', 'P009'}
    for text in (str(report), report.model_dump_json(), json.dumps(sarif(report)), report._repr_html_()):
        assert key not in text and mail not in text


HOSTILE = {'nested': 'x = ' + '(' * 3000 + ')' * 3000, 'added': 'x = ' + '+'.join(['"a"'] * 3000), 'called': 'f' + '(1)' * 3000, 'dotted': 'z = '
           + 'a.' * 3000 + 'b',
           'loops': ''.join('  ' * i + 'for x in y:\n' for i in range(18)) + '  ' * 18 + 'z = f(z, x)', 'long': 'k = "' + 'a' * 900_000 + '"',
           'doubling': 'def f0(a): return a\n' + ''.join(f'def f{i}(a): return f{i-1}(a) + f{i-1}(a)\n' for i in range(1, 40)) + 'f39("x")',
           'null': 'x = "\x00"\x00', 'itself': 'a = []\na.append(a)\nf(a)\nb = {}\nb["b"] = b\nopenai.chat.completions.create(messages=b)'}


@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_cells_are_bounded(name, tmp_path):
    began = time.process_time()
    report = lint(notebook(tmp_path/'a.ipynb', HOSTILE[name], 'import openai\nopenai.responses.create(model="gpt-4o", input=x)'))
    assert time.process_time() - began < 10
    assert 'P002' in report.by_code


def test_a_big_notebook(tmp_path):
    texts = [c.text for text, _ in SDKS.values() for c in example_source(text).cells]
    once = lint(notebook(tmp_path/'a.ipynb', *texts[:60]), ignore=['pii-in-output', 'execution-order'])
    path = notebook(tmp_path/'b.ipynb', *(texts * 3)[:200])
    assert len(lint(path, ignore=['pii-in-output', 'execution-order']).findings) > len(once.findings) > 40


def pilot(*args, cwd):
    done = subprocess.run([sys.executable, '-m', 'pilot_to_prod.cli', *args], cwd=cwd, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_command(tmp_path):
    notebook(tmp_path/'bad.ipynb', 'model = "gpt-4o"')
    notebook(tmp_path/'good.ipynb', 'x = 1')
    (tmp_path/'torn.ipynb').write_text('{"cells": [')
    code, out, _ = pilot('lint', 'bad.ipynb', 'good.ipynb', cwd=tmp_path)
    assert code == 1 and out.startswith('bad.ipynb:cell 1:1: P003 unpinned-model (error): ')
    code, out, err = pilot('lint', 'torn.ipynb', cwd=tmp_path)
    assert (code, out) == (2, '') and 'not a notebook' in err
    code, out, _ = pilot('lint', 'bad.ipynb', '--ignore', 'P003', '--json', cwd=tmp_path)
    assert code == 0 and json.loads(out)['findings'] == []
    code, out, _ = pilot('lint', 'bad.ipynb', '--format', 'sarif', cwd=tmp_path)
    assert json.loads(out)['runs'][0]['results'][0]['ruleId'] == 'P003'
    assert pilot('lint', '--explain', 'P003', cwd=tmp_path)[1].startswith('## P003 unpinned-model')
    assert pilot('lint', '--explain', 'P777', cwd=tmp_path)[0] == 2


def test_the_sample_is_what_its_page_says():
    report = lint(ROOT/'pilot'/'pilot.ipynb', base=ROOT)
    assert set(report.by_code) >= {P, D, U, S, T, C, 'P008', 'P009', 'P010', 'P012'}


def test_lifted_prompts_parse_lock_and_render(tmp_path):
    from pilot_to_prod.notebook.lift import lift_prompts, write_lifted
    from pilot_to_prod.prompts.files import load_prompt, lock_prompts
    from pilot_to_prod.prompts.render import example_values, render
    (tmp_path/'pilot'/'prompts').mkdir(parents=True)
    lifted = []
    for n, (text, _) in enumerate(SDKS.values()):
        path = notebook(tmp_path/f'{n}.ipynb', *(c.text for c in example_source(text).cells))
        done = write_lifted(tmp_path, lift_prompts(path))
        assert not any('its file would not be read' in o.why for o in done.left), str(done)
        lifted += done.lifted
        lock_prompts(tmp_path)
        for o in done.lifted:
            p = load_prompt(tmp_path, o.name)
            assert render(p, example_values(p)) and p.version == '0.0.0'
            (tmp_path/'pilot'/'prompts'/f'{o.name}@0.0.0.md').unlink()
        (tmp_path/'pilot'/'prompts'/'prompts.lock').unlink()
    assert len(lifted) > 25


def test_the_samples_two_prompts_are_lifted_once():
    from pilot_to_prod.notebook.lift import lift_prompts
    done = lift_prompts(ROOT/'pilot'/'pilot.ipynb')
    mini = ('openai/gpt-4o-mini',)
    assert [(o.name, o.variables, o.models) for o in done.lifted] == [('ask', ('msg',), mini), ('answer-notebook', ('q',), mini)]
    assert not done.left and 'temperature: 0.7' in done.lifted[1].text
