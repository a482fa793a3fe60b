// Google's SDK for JavaScript against the emulator: test_javascript.py runs one of these checks by name.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GoogleGenAI } from '@google/genai';

const model = 'gemini-2.5-flash';
const gemini = () => new GoogleGenAI({});
const vertex = () => new GoogleGenAI({ vertexai: true, project: 'my-project', location: 'us-central1' });
const contents = (text) => [{ role: 'user', parts: [{ text }] }];
const pause = (time) => new Promise((done) => setTimeout(done, time));
const textOf = (response) => response.candidates[0].content.parts[0].text;

async function ended(ai, job) {
  for (let n = 0; n < 200 && !/SUCCEEDED|FAILED|CANCELLED|EXPIRED/.test(job.state); n++) {
    await pause(100);
    job = await ai.batches.get({ name: job.name });
  }
  return job;
}

async function all(pager) {
  const items = [];
  for await (const item of await pager) items.push(item);
  return items;
}

async function statusOf(call) {
  try {
    await call;
    return 200;
  } catch (error) {
    return error.status;
  }
}

function file(lines) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-'));
  const name = path.join(folder, 'requests.jsonl');
  fs.writeFileSync(name, lines.map((line) => JSON.stringify(line) + '\n').join(''));
  return name;
}

async function putObject(name, lines) {
  const base = process.env.STORAGE_EMULATOR_HOST;
  const body = lines.map((line) => JSON.stringify(line) + '\n').join('');
  const url = `${base}/upload/storage/v1/b/javascript/o?uploadType=media&name=${name}`;
  assert.equal((await fetch(url, { method: 'POST', body })).status, 200);
}

const sums = [1, 2, 3].map((n) => ({ key: `k${n}`, request: { contents: contents(`What is ${n} + ${n}?`) } }));

const checks = {
  async inline_requests() {
    const ai = gemini();
    const src = [
      { contents: contents('What is 1 + 1?'), metadata: { key: 'one' } },
      { contents: contents('What is 2 + 2?'), config: { temperature: 0.1, systemInstruction: 'short' } },
    ];
    let job = await ai.batches.create({ model, src, config: { displayName: 'javascript' } });
    assert.match(job.name, /^batches\//);
    job = await ended(ai, job);
    assert.deepEqual(job.dest.inlinedResponses.map((row) => textOf(row.response)), ['2', '4']);
    assert.deepEqual(job.dest.inlinedResponses[0].metadata, { key: 'one' });
    await ai.batches.delete({ name: job.name });
    assert.equal(await statusOf(ai.batches.get({ name: job.name })), 404);
  },

  async requests_in_a_file() {
    const ai = gemini();
    const config = { mimeType: 'application/jsonl', displayName: 'requests' };
    const uploaded = await ai.files.upload({ file: file(sums), config });
    const job = await ended(ai, await ai.batches.create({ model, src: { fileName: uploaded.name } }));
    assert.equal(job.state, 'JOB_STATE_SUCCEEDED');
    const downloadPath = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'interop-')), 'out.jsonl');
    await ai.files.download({ file: job.dest.fileName, downloadPath });
    // Written in the background.
    let rows = [];
    for (let n = 0; n < 100 && rows.length < sums.length; n++) {
      await pause(100);
      const text = fs.existsSync(downloadPath) ? fs.readFileSync(downloadPath, 'utf8') : '';
      rows = text.split('\n').filter(Boolean);
    }
    assert.deepEqual(rows.map((row) => JSON.parse(row).key).sort(), ['k1', 'k2', 'k3']);
    assert.equal(await statusOf(ai.batches.create({ model, src: 'files/none' })), 403);
  },

  async files() {
    const ai = gemini();
    const name = file([]);
    fs.writeFileSync(name, 'x'.repeat(20 * 1024 * 1024 + 7));
    const large = await ai.files.upload({ file: name, config: { mimeType: 'text/plain' } });
    assert.equal(Number(large.sizeBytes), 20 * 1024 * 1024 + 7);
    const blob = new Blob(['hello'], { type: 'text/plain' });
    const small = await ai.files.upload({ file: blob, config: { displayName: 'blob' } });
    assert.equal((await ai.files.get({ name: small.name })).displayName, 'blob');
    const names = (await all(ai.files.list({ config: { pageSize: 1 } }))).map((one) => one.name);
    assert.ok(names.includes(large.name) && names.includes(small.name));
    await ai.files.delete({ name: small.name });
    assert.equal(await statusOf(ai.files.get({ name: small.name })), 403);
  },

  async embeddings() {
    const ai = gemini();
    const inlinedRequests = { contents: ['hello', 'world'], config: { outputDimensionality: 64 } };
    const src = { inlinedRequests };
    const job = await ended(ai, await ai.batches.createEmbeddings({ model: 'gemini-embedding-001', src }));
    const rows = job.dest.inlinedEmbedContentResponses;
    assert.deepEqual(rows.map((row) => row.response.embedding.values.length), [64, 64]);
  },

  async listing() {
    const ai = gemini();
    const src = [{ contents: contents('x') }];
    const jobs = [await ai.batches.create({ model, src }), await ai.batches.create({ model, src })];
    const names = (await all(ai.batches.list({ config: { pageSize: 1 } }))).map((job) => job.name);
    assert.ok(jobs.every((job) => names.includes(job.name)));
  },

  async cancel() {
    const ai = gemini();
    const job = await ai.batches.create({ model, src: [{ contents: contents('x') }] });
    await ai.batches.cancel({ name: job.name });
    assert.equal((await ended(ai, job)).state, 'JOB_STATE_CANCELLED');
  },

  async vertex_ai_with_cloud_storage() {
    const ai = vertex();
    await putObject('in.jsonl', sums);
    const config = { displayName: 'javascript', dest: 'gs://javascript/out' };
    let job = await ai.batches.create({ model, src: 'gs://javascript/in.jsonl', config });
    job = await ended(ai, job);
    assert.equal(job.state, 'JOB_STATE_SUCCEEDED');
    assert.equal(Number(job.completionStats.successfulCount), sums.length);
    const list = ai.batches.list({ config: { pageSize: 1, filter: 'display_name="javascript"' } });
    assert.deepEqual((await all(list)).map((one) => one.name), [job.name]);
    await ai.batches.delete({ name: job.name });
    assert.equal(await statusOf(ai.batches.get({ name: job.name })), 404);
  },

  async vertex_ai_with_bigquery() {
    const ai = vertex();
    await putObject('table.jsonl', sums);
    const to = async (src, dest) => ended(ai, await ai.batches.create({ model, src, config: { dest } }));
    const table = 'bq://my-project.javascript.first';
    assert.equal((await to('gs://javascript/table.jsonl', table)).state, 'JOB_STATE_SUCCEEDED');
    const job = await to(table, 'bq://my-project.javascript.second');
    assert.equal(job.state, 'JOB_STATE_SUCCEEDED');
    assert.equal(Number(job.completionStats.successfulCount), sums.length);
  },

  async vertex_ai_cancel() {
    const ai = vertex();
    await putObject('cancel.jsonl', sums);
    const job = await ai.batches.create({ model, src: 'gs://javascript/cancel.jsonl' });
    await ai.batches.cancel({ name: job.name });
    assert.equal((await ended(ai, job)).state, 'JOB_STATE_CANCELLED');
  },
};

await checks[process.argv[2]]();
