/* Yardstick for delivery: libcurl's multi interface and nothing else, one body over and over.
 *
 *   poster CRM_PORT POSTS AT_ONCE BODY_BYTES
 */
#include "yardstick.h"
#include <curl/curl.h>

static size_t ignore(char *bytes, size_t size, size_t count, void *to) { (void)bytes; (void)to; return size * count; }

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    long wanted = atol(argv[2]), at_once = atol(argv[3]), size = atol(argv[4]), begun = 0, over = 0, refused = 0;
    char url[64], *body = malloc((size_t)size + 1);
    memset(body, 'x', (size_t)size);
    body[size] = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%s/crm", argv[1]);
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, at_once);
    struct curl_slist *headers = curl_slist_append(NULL, "content-type: application/json");
    headers = curl_slist_append(headers, "expect:");
    uint64_t began = nanoseconds();
    for (; begun < at_once && begun < wanted; begun++) {
        CURL *one = curl_easy_init();
        curl_easy_setopt(one, CURLOPT_URL, url);
        curl_easy_setopt(one, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(one, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(one, CURLOPT_POSTFIELDSIZE, size);
        curl_easy_setopt(one, CURLOPT_WRITEFUNCTION, ignore);
        curl_multi_add_handle(multi, one);
    }
    while (over < wanted) {
        int running, left;
        CURLMsg *message;
        curl_multi_perform(multi, &running);
        while ((message = curl_multi_info_read(multi, &left))) {
            CURL *one = message->easy_handle;
            long status = 0;
            curl_easy_getinfo(one, CURLINFO_RESPONSE_CODE, &status);
            refused += message->data.result != CURLE_OK || status != 200;
            over++;
            curl_multi_remove_handle(multi, one);
            if (begun < wanted) (begun++, curl_multi_add_handle(multi, one));
        }
        if (over < wanted) curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    printf("{\"posts\": %ld, \"refused\": %ld, \"posts_s\": %.0f}\n", over, refused, (double)over / ((double)(nanoseconds() - began) / 1e9));
    return 0;
}
