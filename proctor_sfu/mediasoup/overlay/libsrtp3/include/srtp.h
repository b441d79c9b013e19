// What the worker uses of libsrtp 3, in terms of libsrtp 2: a policy that is an object, protect and unprotect from one
// buffer into another, and two error codes.
#pragma once
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define srtp_err_status_buffer_small ((srtp_err_status_t)28)
#define srtp_err_status_cryptex_err ((srtp_err_status_t)29)

typedef struct psfu_srtp_policy
{
	srtp_policy_t content;
	unsigned char key[SRTP_MAX_KEY_LEN];
}* psfu_srtp_policy_t;

static inline srtp_err_status_t psfu_srtp_policy_create(psfu_srtp_policy_t* policy)
{
	*policy = (psfu_srtp_policy_t)calloc(1, sizeof(struct psfu_srtp_policy));
	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}

static inline void psfu_srtp_policy_destroy(psfu_srtp_policy_t policy)
{
	if (policy)
	{
		// The key must not stay in freed memory, whatever the optimiser thinks of a store nobody reads.
		volatile unsigned char* byte = policy->key;
		for (size_t i = 0; i < sizeof(policy->key); ++i)
		{
			byte[i] = 0;
		}
		free(policy);
	}
}

static inline srtp_err_status_t psfu_srtp_policy_set_ssrc(psfu_srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->content.ssrc = ssrc;
	return srtp_err_status_ok;
}

static inline srtp_err_status_t psfu_srtp_policy_set_profile(psfu_srtp_policy_t policy, srtp_profile_t profile)
{
	srtp_err_status_t status = srtp_crypto_policy_set_from_profile_for_rtp(&policy->content.rtp, profile);
	return status ? status : srtp_crypto_policy_set_from_profile_for_rtcp(&policy->content.rtcp, profile);
}

static inline srtp_err_status_t psfu_srtp_policy_add_key(
  psfu_srtp_policy_t policy,
  const uint8_t* key,
  size_t keyLength,
  const uint8_t* salt,
  size_t saltLength,
  const uint8_t* mki,
  size_t mkiLength)
{
	(void)mki;
	if (mkiLength != 0 || keyLength + saltLength > sizeof(policy->key))
	{
		return srtp_err_status_bad_param;
	}
	memcpy(policy->key, key, keyLength);
	memcpy(policy->key + keyLength, salt, saltLength);
	policy->content.key = policy->key;
	return srtp_err_status_ok;
}

static inline srtp_err_status_t psfu_srtp_policy_set_allow_repeat_tx(psfu_srtp_policy_t policy, bool allow)
{
	policy->content.allow_repeat_tx = allow;
	return srtp_err_status_ok;
}

static inline srtp_err_status_t psfu_srtp_policy_set_window_size(psfu_srtp_policy_t policy, size_t size)
{
	policy->content.window_size = size;
	return srtp_err_status_ok;
}

static inline srtp_err_status_t psfu_srtp_create(srtp_t* session, psfu_srtp_policy_t policy)
{
	return srtp_create(session, &policy->content);
}

// libsrtp 2 works in place on an int length: check that the result fits, copy, work there.
#define PSFU_SRTP_COPYING(name, room)                                                                         \
	static inline srtp_err_status_t psfu_##name(                                                                \
	  srtp_t session, const uint8_t* from, size_t length, uint8_t* to, size_t* toLength PSFU_SRTP_MKI)          \
	{                                                                                                           \
		if (*toLength < length + (room))                                                                          \
		{                                                                                                         \
			return srtp_err_status_buffer_small;                                                                    \
		}                                                                                                         \
		if (to != from)                                                                                           \
		{                                                                                                         \
			memcpy(to, from, length);                                                                               \
		}                                                                                                         \
		int result = (int)length;                                                                                 \
		const srtp_err_status_t status = name(session, to, &result);                                              \
		*toLength = (size_t)result;                                                                               \
		return status;                                                                                            \
	}

#define PSFU_SRTP_MKI , size_t /*mkiIndex*/
PSFU_SRTP_COPYING(srtp_protect, SRTP_MAX_TRAILER_LEN)
PSFU_SRTP_COPYING(srtp_protect_rtcp, SRTP_MAX_TRAILER_LEN + 4)
#undef PSFU_SRTP_MKI
#define PSFU_SRTP_MKI
PSFU_SRTP_COPYING(srtp_unprotect, 0)
PSFU_SRTP_COPYING(srtp_unprotect_rtcp, 0)
#undef PSFU_SRTP_MKI
#undef PSFU_SRTP_COPYING

#define srtp_policy_t psfu_srtp_policy_t
#define srtp_policy_create psfu_srtp_policy_create
#define srtp_policy_destroy psfu_srtp_policy_destroy
#define srtp_policy_set_ssrc psfu_srtp_policy_set_ssrc
#define srtp_policy_set_profile psfu_srtp_policy_set_profile
#define srtp_policy_add_key psfu_srtp_policy_add_key
#define srtp_policy_set_allow_repeat_tx psfu_srtp_policy_set_allow_repeat_tx
#define srtp_policy_set_window_size psfu_srtp_policy_set_window_size
#define srtp_create psfu_srtp_create
#define srtp_protect psfu_srtp_protect
#define srtp_protect_rtcp psfu_srtp_protect_rtcp
#define srtp_unprotect psfu_srtp_unprotect
#define srtp_unprotect_rtcp psfu_srtp_unprotect_rtcp
#define srtp_stream_remove srtp_remove_stream
