#pragma once
#include <curl/curl.h>

// curl_easy_setopt, curl_multi_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one wrapper for each
// type of argument, so that the compiler checks what the macro of curl/typecheck-gcc.h would.

static inline CURLcode hs_curl_setopt_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hs_curl_setopt_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hs_curl_setopt_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hs_curl_setopt_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hs_curl_setopt_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode hs_curl_setopt_write(CURL *easy, CURLoption option,
                                            size_t (*body)(char *, size_t, size_t, void *), void *data) {
    CURLcode code = curl_easy_setopt(easy, option, body);
    CURLoption where = option == CURLOPT_HEADERFUNCTION ? CURLOPT_HEADERDATA : CURLOPT_WRITEDATA;
    return code == CURLE_OK ? curl_easy_setopt(easy, where, data) : code;
}
static inline CURLcode hs_curl_setopt_open(CURL *easy,
                                           curl_socket_t (*body)(void *, curlsocktype, struct curl_sockaddr *),
                                           void *data) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, body);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, data) : code;
}
static inline CURLcode hs_curl_getinfo_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode hs_curl_getinfo_size(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode hs_curl_getinfo_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, (char **)value);
}
static inline CURLMcode hs_curl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode hs_curl_multi_setopt_socket(CURLM *multi,
                                                    int (*body)(CURL *, curl_socket_t, int, void *, void *), void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, body);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, data) : code;
}
static inline CURLMcode hs_curl_multi_setopt_timer(CURLM *multi, int (*body)(CURLM *, long, void *), void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, body);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_TIMERDATA, data) : code;
}
// The result of a CURLMSG_DONE: a union member, which Swift sees as an opaque pair.
static inline CURLcode hs_curl_result(const CURLMsg *message) { return message->data.result; }
static inline CURLcode hs_curl_setopt_close(CURL *easy, int (*body)(void *, curl_socket_t), void *data) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, body);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, data) : code;
}
