// Runs a WASI program in node: run-wasm.mjs PROGRAM [ARGUMENT...]. It sees the file system as it is.
import {readFile} from 'node:fs/promises';
import {WASI} from 'node:wasi';

const wasi = new WASI({version: 'preview1', args: process.argv.slice(2), env: process.env, preopens: {'/': '/'}});
const module = await WebAssembly.compile(await readFile(process.argv[2]));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
