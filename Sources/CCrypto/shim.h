// CCrypto: OpenSSL's headers, and inline functions for the calls that OpenSSL offers as macros only.
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline long ccrypto_set_minimum_tls12(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
static inline long ccrypto_set_server_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }
// An empty memory BIO means "come back later", not end of stream.
static inline void ccrypto_empty_means_retry(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }
static inline long ccrypto_set_moving_write_buffer(SSL *ssl) {
    return SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}
