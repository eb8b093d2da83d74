// Prints tokens of an issuer that is not ours, made with jose: its key set, tokens that are good,
// and tokens that are not, by what is wrong with them.
'use strict';
const crypto = require('node:crypto');
const jose = require('jose');

const pair = (type, options) => crypto.generateKeyPairSync(type, options);
const keys = {
  rsa: pair('rsa', {modulusLength: 2048}), ec: pair('ec', {namedCurve: 'P-256'}), ed: pair('ed25519'),
  p384: pair('ec', {namedCurve: 'P-384'}), enc: pair('rsa', {modulusLength: 2048}),
  foreign: pair('rsa', {modulusLength: 2048}), late: pair('ec', {namedCurve: 'P-256'}),
};
const soon = Math.floor(Date.now() / 1000) + 3600;
const claims = {sub: 'ada', role: 'admin', iss: 'https://id.example', aud: 'tickets', exp: soon};
const sign = (key, header, body = {}) =>
  new jose.SignJWT({...claims, ...body}).setProtectedHeader(header).sign(key);
const without = name => { const rest = {...claims}; delete rest[name]; return rest; };
const rs = (body, header = {}) => sign(keys.rsa.privateKey, {alg: 'RS256', kid: 'rsa', ...header}, body);
const bare = body => new jose.SignJWT(body).setProtectedHeader({alg: 'RS256', kid: 'rsa'}).sign(keys.rsa.privateKey);
const text = value => Buffer.from(JSON.stringify(value)).toString('base64url');

(async () => {
  const jwk = async (name, more) => ({...await jose.exportJWK(keys[name].publicKey), kid: name, ...more});
  const set = [
    await jwk('rsa', {use: 'sig', alg: 'RS256'}), await jwk('ec'), await jwk('ed', {use: 'sig'}),
    await jwk('ed', {use: 'sig', alg: 'Ed25519'}), {...await jwk('ed', {use: 'sig', alg: 'Ed25519'}), kid: 'ed25519'},
    await jwk('p384'), await jwk('enc', {use: 'enc'}), {kty: 'oct', kid: 'oct', k: text('a secret of thirty-two bytes, or more')},
    {kty: 'unknown', kid: 'x'}, {...await jwk('rsa'), kid: undefined},
  ];
  const good = {
    RS256: await rs(), ES256: await sign(keys.ec.privateKey, {alg: 'ES256', kid: 'ec'}),
    EdDSA: await sign(keys.ed.privateKey, {alg: 'EdDSA', kid: 'ed', typ: 'at+jwt'}),
    Ed25519: await sign(keys.ed.privateKey, {alg: 'Ed25519', kid: 'ed'}),
    'Ed25519 with a key for it': await sign(keys.ed.privateKey, {alg: 'Ed25519', kid: 'ed25519'}),
    'several audiences': await rs({aud: ['other', 'tickets']}),
  };
  const publicPEM = keys.rsa.publicKey.export({type: 'spki', format: 'pem'});
  const [head, body, signature] = good.RS256.split('.');
  const own = await jose.exportJWK(keys.foreign.publicKey);
  const bad = {
    'public key as secret': await sign(Buffer.from(publicPEM), {alg: 'HS256', kid: 'rsa'}),
    'HS256 with a symmetric key of the set': await sign(Buffer.from('a secret of thirty-two bytes, or more'), {alg: 'HS256', kid: 'oct'}),
    'alg none': `${text({alg: 'none', kid: 'rsa'})}.${body}.`,
    'no kid': await sign(keys.rsa.privateKey, {alg: 'RS256'}),
    'empty kid': await sign(keys.rsa.privateKey, {alg: 'RS256', kid: ''}),
    'kid as number': `${text({alg: 'RS256', kid: 7})}.${body}.${signature}`,
    'unknown kid': await sign(keys.foreign.privateKey, {alg: 'RS256', kid: 'foreign'}),
    'foreign key': await sign(keys.foreign.privateKey, {alg: 'RS256', kid: 'rsa'}),
    'own key in the header': await sign(keys.foreign.privateKey, {alg: 'RS256', kid: 'rsa', jwk: own}),
    'kid of another type': await sign(keys.ec.privateKey, {alg: 'ES256', kid: 'rsa'}),
    'PS256': await sign(keys.rsa.privateKey, {alg: 'PS256', kid: 'rsa'}),
    'RS512': await sign(keys.rsa.privateKey, {alg: 'RS512', kid: 'rsa'}),
    'ES384': await sign(keys.p384.privateKey, {alg: 'ES384', kid: 'p384'}),
    'a key for encryption': await sign(keys.enc.privateKey, {alg: 'RS256', kid: 'enc'}),
    'other issuer': await rs({iss: 'https://id.example/'}),
    'no issuer': await bare(without('iss')),
    'other audience': await rs({aud: 'tickets2'}),
    'no audience': await bare(without('aud')),
    'no expiry': await bare(without('exp')),
    'expired': await rs({exp: soon - 7200}),
    'not yet': await rs({nbf: soon}),
    'crit': await sign(keys.rsa.privateKey, {alg: 'RS256', kid: 'rsa', crit: ['b64'], b64: true}),
    'other claims': `${head}.${text({...claims, sub: 'root'})}.${signature}`,
    'other signature': `${head}.${body}.${signature.slice(0, -4)}AAAA`,
    'no signature': `${head}.${body}.`,
    'unknown role': await rs({role: 'root'}),
    'several roles': await rs({role: ['admin']}),
    'no sub': await bare(without('sub')),
    'key as sub': await rs({sub: 'key:shop'}),
    'encrypted': await new jose.EncryptJWT(claims).setProtectedHeader({alg: 'RSA-OAEP', enc: 'A256GCM', kid: 'rsa'})
      .encrypt(keys.rsa.publicKey),
  };
  const late = {token: await sign(keys.late.privateKey, {alg: 'ES256', kid: 'late'}), set: {keys: [...set, await jwk('late')]}};
  const roles = {token: await bare({...without('role'), 'https://id.example/role': 'auditor'})};
  console.log(JSON.stringify({set: {keys: set}, good, bad, late, roles}));
})();
