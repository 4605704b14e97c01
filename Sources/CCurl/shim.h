// curl as Swift can import it: `curl_easy_setopt` takes a value of any type.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#define CURL_DISABLE_TYPECHECK
// Protocols by name need curl 7.85.
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>

static inline CURLcode CCurlInitialize(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode CCurlSetNumber(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }

static inline CURLcode CCurlSetText(CURL *handle, CURLoption option, const char *value) { return curl_easy_setopt(handle, option, value); }

static inline CURLcode CCurlSetHeaders(CURL *handle, struct curl_slist *list) { return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list); }

// Who takes head and body, and who is asked now and then whether to go on; all three get `context`.
static inline CURLcode CCurlSetCallbacks(CURL *handle, void *context, curl_write_callback head, curl_write_callback body, curl_xferinfo_callback progress) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, head);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    return code;
}

// HTTP and HTTPS and nothing else; redirections from the second only to the second.
static inline CURLcode CCurlSetProtocols(CURL *handle, int isEncrypted) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS, (long)(isEncrypted ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS));
    return code;
}

#endif
